import { useCallback } from "preact/hooks";

const moves: Record<string, (at: number, columns: number, all: number) => number> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  ArrowDown: (at, columns) => at + columns,
  ArrowUp: (at, columns) => at - columns,
  Home: () => 0,
  End: (_at, _columns, all) => all - 1,
};

/** One Tab stop for a grid of buttons; arrow keys, Home and End move inside. */
export function useRovingFocus() {
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const list = event.currentTarget as HTMLElement;
    const buttons = [...list.querySelectorAll("button")];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    if (at < 0) return;
    event.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, move(at, columnsOf(buttons), buttons.length)))].focus();
  }, []);
  const onFocusCapture = useCallback((event: FocusEvent) => {
    const list = event.currentTarget as HTMLElement;
    for (const button of list.querySelectorAll<HTMLButtonElement>('button[tabindex="0"]')) button.tabIndex = -1;
    (event.target as HTMLButtonElement).tabIndex = 0;
  }, []);
  return { onKeyDown, onFocusCapture };
}

function columnsOf(buttons: readonly HTMLElement[]): number {
  const top = buttons[0]?.getBoundingClientRect().top;
  const next = buttons.findIndex((b) => b.getBoundingClientRect().top !== top);
  return next < 0 ? buttons.length : next;
}
