// Opens the reference of the API in a real Chromium: what it shows, what it asked for elsewhere, what its policy forbade.
//
//   node read-docs.mjs '{"url":"http://…/docs","width":390}'
//
// Prints JSON: the text, the width of the page, the hosts that were asked, and what the browser complained about.
import { chromium } from "playwright-core";

const { url, width } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({ executablePath: process.env.ABOARD_CHROMIUM, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const hosts = new Set();
  const complaints = [];
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith("http")) hosts.add(asked.host);
  });
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(`${error}`));
  await page.goto(url);
  const isThere = () => document.body.innerText.includes("Idempotency-Key");
  await page.waitForFunction(isThere, null, { timeout: 30_000 });
  await page.waitForLoadState("networkidle");
  const text = await page.evaluate(() => document.body.innerText);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  console.log(JSON.stringify({ text, wide, hosts: [...hosts], complaints }));
} finally {
  await browser.close();
}
