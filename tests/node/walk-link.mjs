// Walks one login link in a real Chromium, as the person who clicks it would.
//
//   node walk-link.mjs '{"login_url":"…","expect_origin":"https://…","javascript":true,"screenshot_dir":"…"}'
//
// `javascript` (default true) and `screenshot_dir` may be left out. ABOARD_CHROMIUM names the browser.
// Prints one JSON line: where the browser landed, with which status, and the cookies it holds (names and
// flags, never values). Anything that went wrong is said on standard error, and it exits 1.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const TIMEOUT_MS = 15_000;
const SUBMIT = "form button[type=submit]";
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

class Failure extends Error {}
function check(holds, message) {
  if (!holds) throw new Failure(message);
}

// A mail scanner or a chat preview: looks at the link before the person does, in other ways, without cookies.
async function prefetch(loginUrl) {
  for (const method of ["GET", "HEAD"]) {
    const response = await fetch(loginUrl, { method, redirect: "manual" });
    await response.arrayBuffer();
    check(response.status === 200, `${method} without a browser was answered ${response.status}, not 200`);
    check(!response.headers.has("set-cookie"), `${method} without a browser was given a cookie`);
  }
}

// Collects what a person would find only in the developer tools. Chromium reports CSP violations there too.
function listen(page, complaints) {
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => {
    complaints.push(`request: ${request.method()} ${new URL(request.url()).origin} ${request.failure()?.errorText}`);
  });
}

async function screenshots(page, directory) {
  mkdirSync(directory, { recursive: true });
  for (const [name, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(directory, `login-link-${name}.png`), fullPage: true });
  }
}

async function walk(browser, job) {
  const context = await browser.newContext({ javaScriptEnabled: job.javascript ?? true, viewport: DESKTOP });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints = [];
  listen(page, complaints);
  try {
    await prefetch(job.login_url);
    for (const look of ["first look", "reload"]) {
      const response = look === "reload" ? await page.reload() : await page.goto(job.login_url);
      check(response.status() === 200, `the ${look} was answered ${response.status()}, not 200`);
      check((await page.locator(SUBMIT).count()) === 1, `the ${look} shows no single ${SUBMIT}`);
    }
    if (job.screenshot_dir) await screenshots(page, job.screenshot_dir);
    check(complaints.length === 0, "the page is not clean");

    let status;
    page.on("response", (response) => {
      if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) status = response.status();
    });
    const landed = page.waitForURL((url) => url.origin === new URL(job.expect_origin).origin);
    await Promise.all([landed, page.locator(SUBMIT).click()]);
    check(complaints.length === 0, "the way to the product is not clean");

    const cookies = (await context.cookies()).map((cookie) => ({
      name: cookie.name,
      domain: cookie.domain,
      path: cookie.path,
      secure: cookie.secure,
      http_only: cookie.httpOnly,
      same_site: cookie.sameSite,
      session: cookie.expires === -1,
    }));
    return { url: page.url(), cookies, status };
  } catch (error) {
    await new Promise((done) => setTimeout(done, 300)); // the console's word comes after the navigation's
    // The link is a secret: say where the browser is, not with which token.
    const at = page.url() === "about:blank" ? "nowhere" : new URL(page.url()).origin;
    const said = complaints.map((complaint) => `\n  ${complaint}`).join("");
    const reason = error instanceof Failure ? error.message : `${error.name}: ${error.message.split("\n")[0]}`;
    throw new Failure(`${reason} (the browser is at ${at})${said}`);
  }
}

const executablePath = process.env.ABOARD_CHROMIUM;
if (!executablePath) {
  console.error("set ABOARD_CHROMIUM to a Chromium or Chrome, as scripts/test does");
  process.exit(1);
}
const browser = await chromium.launch({
  executablePath, // and a new, empty profile that Playwright removes again
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  console.log(JSON.stringify(await walk(browser, JSON.parse(process.argv[2]))));
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
