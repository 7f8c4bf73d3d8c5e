import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const key = "sluice.theme";

function stored(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // A browser may forbid storage.
  }
}

export const theme = signal<Theme>(stored());
/** Counts the changes of the page's colours, for what is drawn on a canvas. */
export const colorRevision = signal(0);

let probe: HTMLElement | undefined;
const colors = new Map<string, string>();

/** The present value of a colour token, such as `--line`, with an opacity from 0 to 1. */
export function cssColor(token: string, opacity = 1): string {
  const name = `${token} ${opacity}`;
  let color = colors.get(name);
  if (color === undefined) {
    probe ??= document.body.appendChild(document.createElement("span"));
    probe.hidden = true;
    probe.style.color = `color-mix(in srgb, var(${token}) ${opacity * 100}%, transparent)`;
    color = getComputedStyle(probe).color;
    colors.set(name, color);
  }
  return color;
}

function recolor(): void {
  colors.clear();
  colorRevision.value = colorRevision.peek() + 1;
}

export function startTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
  effect(() => {
    const { dataset } = document.documentElement;
    if (theme.value === "system") delete dataset["theme"];
    else dataset["theme"] = theme.value;
    recolor();
  });
}

export function setTheme(value: Theme): void {
  theme.value = value;
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice then holds until the page is closed.
  }
}
