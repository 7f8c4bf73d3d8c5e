import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/panels.css";
import "./styles/devices.css";
import "./styles/tables.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { stream } from "./state.ts";
import { startTheme } from "./theme.ts";

startTheme();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
stream.open();
