/** Numbers as text, the way Java writes them. */

/** Java's Double.toString: `1.0`, `1.0E10`, `NaN`, `-Infinity`. */
export function doubleText(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (x === Number.POSITIVE_INFINITY) return "Infinity";
  if (x === Number.NEGATIVE_INFINITY) return "-Infinity";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const size = x < 0 ? -x : x;
  if (size >= 1e-3 && size < 1e7) {
    const text = String(x);
    return text.includes(".") ? text : `${text}.0`;
  }
  return scientific(twoDigits(x.toExponential(), x, (s) => s === x));
}

/** Where one digit would do, Java gives the two that are nearest: 4.9E-324, 1.4E-45. */
function twoDigits(text: string, x: number, same: (candidate: number) => boolean): string {
  if (text.includes(".")) return text;
  const longer = x.toExponential(1);
  return same(Number(longer)) ? longer : text;
}

/** Java's Float.toString: the fewest digits that tell the float from its neighbours. */
export function floatText(x: number): string {
  if (!Number.isFinite(x) || x === 0) return doubleText(x);
  let short = x;
  for (let p = 1; p <= 9; p++) {
    const candidate = Number(x.toPrecision(p));
    if (Math.fround(candidate) === x) {
      short = candidate;
      break;
    }
  }
  const size = x < 0 ? -x : x;
  if (size >= 1e-3 && size < 1e7) return doubleText(short);
  return scientific(twoDigits(short.toExponential(), x, (s) => Math.fround(s) === x));
}

function scientific(text: string): string {
  const e = text.indexOf("e");
  const mantissa = text.slice(0, e);
  const exponent = text.slice(e + 1).replace("+", "");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${exponent}`;
}
