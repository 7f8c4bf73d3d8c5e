import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { requireParts } from "../support/parts.ts";

const parts = requireParts("chromium");

test("Chromium draws a page", parts.options, async () => {
  const browser = await chromium.launch(await parts.chromium());
  try {
    const page = await browser.newPage();
    await page.setContent("<h1>Hello</h1>");
    assert.equal(await page.textContent("h1"), "Hello");
    const png = await page.screenshot();
    assert.equal(png.subarray(1, 4).toString(), "PNG");
  } finally {
    await browser.close();
  }
});
