// Walks the page of a join in a real Chromium without JavaScript, on a phone's screen, as a person would.
//
//   node walk-join.mjs '{"join_url":"…","inbox":"…","server_key":"…","codes":["+1…","a@…"],"language":"ar"}'
//
// `codes` are the addresses in the order in which the page asks for them; each code is read in the sandbox's inbox.
// ABOARD_CHROMIUM names the browser. Prints one JSON line: heading, language and direction of the last page. Anything
// that went wrong is said on standard error, and it exits 1.
import { chromium } from "playwright-core";

const TIMEOUT_MS = 15_000;
const PHONE = { width: 390, height: 844 };

class Failure extends Error {}
function check(holds, message) {
  if (!holds) throw new Failure(message);
}

async function codeFor(job, to) {
  for (const started = Date.now(); Date.now() - started < TIMEOUT_MS; ) {
    const answer = await fetch(`${job.inbox}?to=${encodeURIComponent(to)}`, {
      headers: { authorization: `Bearer ${job.server_key}` },
    });
    const kept = (await answer.json()).data.filter((message) => message.code.length === 8);
    if (kept.length) return kept[0].code;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Failure(`no code for ${to}`);
}

async function walk(browser, job) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: PHONE, locale: job.language });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  const fits = async () => {
    const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
    check(overflow <= 0, `the page is ${overflow} pixels wider than the phone`);
  };
  const response = await page.goto(job.join_url);
  check(response.status() === 200, `the page was answered ${response.status()}`);
  await fits();
  for (const to of job.codes) {
    await page.locator('button[name="to"]').first().click();
    await page.locator("#code").fill(await codeFor(job, to));
    await page.locator('form:has(#code) button[type="submit"]').click();
    await page.locator(".state.yes").first().waitFor();
    await fits();
  }
  await page.locator('form:has(input[value="join"]) button').click();
  await page.locator('button[name="to"]').first().waitFor();
  await fits();
  check(complaints.length === 0, complaints.join("\n"));
  const html = page.locator("html");
  return {
    heading: await page.locator("h1").innerText(),
    language: await html.getAttribute("lang"),
    direction: await html.getAttribute("dir"),
  };
}

const executablePath = process.env.ABOARD_CHROMIUM;
if (!executablePath) {
  console.error("set ABOARD_CHROMIUM to a Chromium or Chrome, as scripts/test does");
  process.exit(1);
}
const browser = await chromium.launch({
  executablePath, // and a new, empty profile that Playwright removes again
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
});
try {
  console.log(JSON.stringify(await walk(browser, JSON.parse(process.argv[2]))));
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
