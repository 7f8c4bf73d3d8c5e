import { Announcements } from "./announcements.tsx";
import { Averages } from "./averages.tsx";
import { DeviceDialog } from "./device-dialog.tsx";
import { Figures } from "./figures.tsx";
import { Flags } from "./flags.tsx";
import { Header } from "./header.tsx";
import { Queries } from "./queries.tsx";
import { Sites } from "./sites.tsx";
import { stream } from "./state.ts";

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header />
      <Announcements />
      <main id="main" tabIndex={-1} class={stream.connection.value === "lost" ? "outdated" : ""}>
        <Figures />
        <Averages />
        <Flags />
        <Sites />
        <Queries />
      </main>
      <DeviceDialog />
    </>
  );
}
