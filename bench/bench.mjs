// `make bench`: the binary that is shipped on a fresh store, on both engines, beside its ceilings from the same run.
//
//   bench/run [--runs 3] [--seconds 3] [--engines sqlite,postgres] [--backlog 100000] [--sync-us 2000] [--out docs/bench.md] [--large]
//
// Every figure is the median of the runs. The load generator shares the machine with the server, so ratios
// between figures of one run say more than the figures: the verbs over HTTP, the same verbs in the process and the bare echo
// are measured one after the other in every round, and the median of the rounds' ratios is told. pgbench runs before them.
//
// `--sync-us` lets every sync of SQLite take so much longer, as on a slower disk; PostgreSQL is not slowed.
//
// `sign_message` spends a single-use wallet token for each signature. Its ceiling is the spend alone, in the process: over
// HTTP the use of the key is noted as well, which is a commit of its own, and the text is signed. The line below the table
// says what the two commits come to in the process, and how long half of the answers took beside the time of two syncs.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const RUNS = Number(option("runs", 3));
const SECONDS = Number(option("seconds", 3));
const ENGINES = option("engines", "sqlite,postgres").split(",");
const LARGE = process.argv.includes("--large");
const CONNECTIONS = [1, 32, 256];
const ABOARD = process.env.ABOARD;
const say = (text) => process.stderr.write(`${text}\n`);
const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const work = mkdtempSync(join(option("dir", tmpdir()), "aboard-bench-"));
let serial = 0;

/// A process of ours whose first line of output says where it answers.
async function start(args, env = {}) {
  const child = spawn(ABOARD, args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error(`${args[0]} ended at once`)));
  });
  return { child, line, stop: () => stop(child) };
}

function stop(child) {
  return new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
}

/// CPU seconds and peak memory of a process.
function usage(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return { cpu: (Number(stat[11]) + Number(stat[12])) / 100, peak: kib("VmHWM") / 1024, now: kib("VmRSS") / 1024 };
}

async function groups(metricsUrl) {
  const text = await (await fetch(metricsUrl)).text();
  const value = (name) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? 0);
  return { operations: value("aboard_store_operations_total"), commits: value("aboard_store_commits_total") };
}

/// One run of wrk: requests, requests a second, answers that were not 2xx or 3xx.
function wrk(url, script, connections, args, keys, seconds = SECONDS) {
  const out = execFileSync("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-s", `bench/lua/${script}.lua`, url, "--", ...args.map(String)], {
    env: { ...process.env, PARTNER_KEY: keys?.partner_key ?? "none", SERVER_KEY: keys?.server_key ?? "none", CLIENT_SECRET: keys?.client_secret ?? "none" }, encoding: "utf8",
  });
  const requests = Number(/(\d+) requests in/.exec(out)[1]);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]);
  const wrong = Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0);
  return { requests, rate, wrong, p50: milliseconds(/\s50%\s+([\d.]+\w+)/.exec(out)?.[1]), p99: milliseconds(/\s99%\s+([\d.]+\w+)/.exec(out)?.[1]) };
}

/// A time as wrk writes it.
function milliseconds(text) {
  const [, number, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text ?? "") ?? [];
  return Number(number) * { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[unit];
}

async function database(engine) {
  serial += 1;
  if (engine === "sqlite") return ["--data", join(work, `data-${serial}`)];
  const name = `bench_${serial}`;
  execFileSync(join(process.env.PG_BIN, "psql"), [process.env.CLUSTER_URL, "-qc", `create database ${name}`]);
  const url = new URL(process.env.CLUSTER_URL);
  url.pathname = `/${name}`;
  return ["--data", join(work, `data-${serial}`), "--database", url.href];
}

const UNLIMITED = ["--set", "limits.sandbox_per_minute=1000000000", "--set", 'server.trusted_proxies=["127.0.0.0/8"]'];

async function server(engine) {
  const store = await database(engine);
  const running = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store, ...UNLIMITED, "--set", "log.level=warn"]);
  return { ...running, ...JSON.parse(running.line), pid: running.child.pid, store };
}

/// Measures one route: server CPU per request and mean group size beside the rate.
async function measure(target, script, connections, args, path = "") {
  const before = usage(target.pid);
  const groupsBefore = await groups(target.metrics_url);
  const result = wrk(target.url + path, script, connections, args, target.sandbox);
  const after = usage(target.pid);
  const groupsAfter = await groups(target.metrics_url);
  if (result.wrong > result.requests / 100) throw new Error(`${script}: ${result.wrong} of ${result.requests} answers were errors`);
  const commits = groupsAfter.commits - groupsBefore.commits;
  return {
    ...result,
    cpu: ((after.cpu - before.cpu) / result.requests) * 1e6,
    group: commits > 0 ? (groupsAfter.operations - groupsBefore.operations) / commits : 0,
  };
}

/// Every verb over HTTP, each run beside the same verb in the process and the bare echo.
async function verbs(engine) {
  const rows = {};
  let measured = [];
  const add = (name, connections, result) => {
    measured.push([name, result]);
    ((rows[name] ??= {})[connections] ??= []).push(result);
  };
  let memory = { idle: [], peak: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const connections of CONNECTIONS) {
      const target = await server(engine);
      memory.idle.push(usage(target.pid).now);
      const salt = `bench${run}`;
      const made = await measure(target, "new_users", connections, [salt]);
      add("external_login_new", connections, made);
      const known = Math.max(1, made.requests - 300);
      add("external_login_known", connections, await measure(target, "known_users", connections, [salt, known, "/api/v1/external_login"]));
      add("check_user", connections, await measure(target, "known_users", connections, [salt, known, "/api/v1/embedded_check_user"]));
      add("link_user_new", connections, await measure(target, "link_users", connections, [salt]));
      const ids = await someUsers(target);
      add("get_user", connections, await measure(target, "one_user", connections, ["GET", ids]));
      add("put_user", connections, await measure(target, "one_user", connections, ["PUT", ids]));
      add("login_whatsapp", connections, await measure(target, "login_whatsapp", connections, [6_900_000_000 + run * 1_000_000]));
      add("verify_whatsapp", connections, await measure(target, "verify_whatsapp", connections, [await begunLogins(target, connections)]));
      memory.peak.push(usage(target.pid).peak);
      await target.stop();
      add("sign_message", connections, await signatures(target, connections));
      add("redeem_login_link", connections, await redemptions(target, connections));
      const [floor, bare] = [await inProcess(engine, connections), await echo(connections)];
      for (const [name, result] of measured) Object.assign(result, { floor: floor[name], both: floor.spend_and_use, echo: bare });
      measured = [];
      say(`${engine}: run ${run + 1} of ${RUNS} at ${connections}`);
    }
  }
  return { rows, memory: { idle: median(memory.idle), peak: median(memory.peak) } };
}

/// A file with the ids of the newest users.
async function someUsers(target) {
  const answer = await fetch(`${target.url}/v1/users?limit=100`, { headers: { authorization: `Bearer ${target.sandbox.server_key}` } });
  const { data } = await answer.json();
  const file = join(work, "users.txt");
  writeFileSync(file, data.map((user) => user.user_id).join("\n"));
  return file;
}

/// A file with the tokens of log-ins that were begun, to test numbers: these take a fixed code and nothing is sent.
async function begunLogins(target, connections) {
  const count = Math.min(60_000, Math.ceil(SECONDS * (connections === 1 ? 6_000 : 12_000)));
  const tokens = [];
  let next = 0;
  const headers = { "x-client-secret": target.sandbox.client_secret, "content-type": "application/json" };
  const ask = async () => {
    while (next < count) {
      const number = next++;
      const phoneNumber = `1${200 + (Math.floor(number / 100) % 800)}55501${String(number % 100).padStart(2, "0")}`;
      const answer = await fetch(`${target.url}/api/v2/auth/login-whatsapp`, { method: "POST", headers, body: JSON.stringify({ phoneNumber }) });
      tokens.push((await answer.json()).data.verifyToken);
    }
  };
  await Promise.all(Array.from({ length: 32 }, ask));
  const file = join(work, "tokens.txt");
  writeFileSync(file, tokens.join("\n"));
  return file;
}

/// How long after its answer a message leaves, in milliseconds: log-ins in production over a stand-in for WhatsApp.
async function leaving(engine) {
  const asked = new Map();
  const waited = [];
  const provider = createServer((request, response) => {
    const arrived = performance.now();
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { to } = JSON.parse(body);
      // Nothing left before it was answered if it arrived sooner than the answer was read.
      if (asked.has(to)) waited.push(Math.max(0, arrived - asked.get(to)));
      else asked.set(to, "left");
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ messages: [{ id: `wamid.${to}` }] }));
    });
  });
  await new Promise((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const store = await database(engine);
  const settings = ["--set", "codes.per_country_day=4000000000", "--set", "codes.prefix_percent=0", "--set", "codes.spend_per_day=0", "--set", "limits.production_per_minute=1000000000"];
  const running = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store, ...UNLIMITED, ...settings, "--set", "log.level=warn"]);
  const target = JSON.parse(running.line);
  const credentials = {
    phone_number_id: "1", access_token: "t", app_secret: "s", verify_token: "v", template: "login", languages: ["en"],
    base_url: `http://127.0.0.1:${provider.address().port}`,
  };
  execFileSync(ABOARD, ["channels", "set", "whatsapp", "--environment", "production"], {
    input: JSON.stringify(credentials), env: { ...process.env, ...settingsOf(store), ABOARD_WEBHOOKS__SANDBOX_LOOPBACK: "true" }, stdio: ["pipe", "ignore", "inherit"],
  });
  // The first hundred find connections that have prepared nothing yet; they are sent and not counted.
  const [warming, count] = [100, Math.ceil(SECONDS * 300)];
  const pause = 1000 / 300;
  const calls = [];
  for (let number = 0; number < warming + count; number++) {
    if (number === warming) {
      await Promise.all(calls);
      for (let tries = 0; tries < 200 && waited.length < warming; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
      waited.length = 0;
    }
    const to = `30691${String(1_000_000 + number)}`;
    const headers = { "x-client-secret": target.production.client_secret, "content-type": "application/json", "x-forwarded-for": `11.1.${number >> 8}.${number & 255}` };
    calls.push((async () => {
      const answer = await fetch(`${target.url}/api/v2/auth/login-whatsapp`, { method: "POST", headers, body: JSON.stringify({ phoneNumber: to }) });
      if (answer.status !== 200) throw new Error(`a log-in was answered ${answer.status}`);
      if (asked.get(to) === "left") waited.push(0);
      else asked.set(to, performance.now());
    })());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await Promise.all(calls);
  for (let tries = 0; tries < 200 && waited.length < count; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  await running.stop();
  provider.close();
  if (waited.length < count) throw new Error(`only ${waited.length} of ${count} messages left`);
  waited.sort((a, b) => a - b);
  return waited[Math.ceil(waited.length * 0.99) - 1];
}

/// Redeems links that were made beforehand: the store is filled while no server runs, then served again.
async function redemptions(earlier, connections) {
  const paths = join(work, "links.txt");
  const count = connections === 1 ? 30_000 : 90_000;
  execFileSync(ABOARD, ["bench-floor", "links", "--count", count, "--partner-key", earlier.sandbox.partner_key, "--out", paths].map(String), {
    env: { ...process.env, ...settingsOf(earlier.store) },
  });
  const running = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...earlier.store, ...UNLIMITED, "--set", "log.level=warn"]);
  const target = { ...running, ...JSON.parse(running.line), pid: running.child.pid };
  const result = await measure(target, "redeem", connections, [paths]);
  await target.stop();
  return result;
}

/// Signs with wallet tokens that were made beforehand, while no server runs, for one at the address of the earlier: a token
/// says who made it.
async function signatures(earlier, connections) {
  const tokens = join(work, "wallet-tokens.txt");
  const count = Math.min(60_000, Math.ceil(SECONDS * (connections === 1 ? 6_000 : 12_000)));
  execFileSync(ABOARD, ["bench-floor", "wallet-tokens", "--count", count, "--client-secret", earlier.sandbox.client_secret, "--out", tokens].map(String), {
    env: { ...process.env, ...settingsOf(earlier.store), ABOARD_SERVER__PUBLIC_URL: earlier.url },
  });
  const at = ["--listen", new URL(earlier.url).host, "--set", "server.metrics_listen=127.0.0.1:0"];
  const running = await start(["dev", ...at, "--json", ...earlier.store, ...UNLIMITED, "--set", "log.level=warn"]);
  const target = { ...running, ...JSON.parse(running.line), pid: running.child.pid };
  const result = await measure(target, "sign_message", connections, [tokens]);
  await target.stop();
  return result;
}

/// The store of a server as settings in the environment, for subcommands.
function settingsOf(store) {
  const data = store[1];
  const url = store[3] ?? `sqlite:${join(data, "aboard.db")}`;
  return { ABOARD_STORE__URL: url, ABOARD_KEYS__FILE: join(data, "dev.key") };
}

/// The same verbs from callers inside a process, on a fresh store.
async function inProcess(engine, callers) {
  const store = await database(engine);
  const target = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store]);
  await target.stop();
  const out = execFileSync(ABOARD, ["bench-floor", "verbs", "--callers", String(callers), "--seconds", String(SECONDS)], {
    env: { ...process.env, ...settingsOf(store) }, encoding: "utf8",
  });
  return JSON.parse(out)[callers];
}

async function echo(connections) {
  const target = await start(["bench-floor", "echo"]);
  const { rate } = wrk(`${target.line}/echo`, "echo", connections, []);
  await target.stop();
  return rate;
}

/// pgbench with the statements of one call, one transaction at a time. The time that it takes to connect is no part of
/// the figure: with many clients it is longer than the run.
async function pgbench(script, prepare) {
  const store = await database("postgres");
  const target = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store]);
  await target.stop();
  const url = store[3];
  const psql = (file) => execFileSync(join(process.env.PG_BIN, "psql"), [url, "-q", "-v", "ON_ERROR_STOP=1", "-f", file], { stdio: ["ignore", "ignore", "inherit"] });
  psql("bench/pg/prepare.sql");
  if (prepare) psql(prepare);
  const rows = {};
  for (const connections of CONNECTIONS) {
    const runs = [];
    for (let run = 0; run < RUNS; run++) {
      const threads = Math.min(connections, 2);
      const seconds = SECONDS + (connections > 100 ? 6 : 1);
      const out = execFileSync(join(process.env.PG_BIN, "pgbench"), ["-n", "-M", "prepared", "-j", String(threads), "-c", String(connections), "-T", String(seconds), "-f", script, url], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      runs.push(Number(/tps = ([\d.]+) \(without initial connection time\)/.exec(out)[1]));
    }
    rows[connections] = median(runs);
  }
  return rows;
}

/// Users with a webhook_endpoint, until the receiver has every delivery: deliveries a second.
async function deliveries(engine) {
  const rates = [];
  for (let run = 0; run < RUNS; run++) {
    const receiver = await start(["bench-floor", "receiver"]);
    const target = await server(engine);
    const count = async () => Number(await (await fetch(receiver.line)).text());
    const began = performance.now();
    const made = wrk(target.url, "webhooks", 32, [`hook${run}`, `${receiver.line}/`], target.sandbox);
    let seen = 0;
    for (let tries = 0; tries < 600 && (seen = await count()) < made.requests; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    rates.push(seen / ((performance.now() - began) / 1000));
    if (seen < made.requests) throw new Error(`only ${seen} of ${made.requests} deliveries arrived`);
    await target.stop();
    await receiver.stop();
  }
  return median(rates);
}

/// Users while a webhook is told of each, until the receiver has every event: deliveries a second, and how long the first
/// attempt waited at most for 99 of 100.
async function hooks(engine) {
  const rates = [];
  const lags = [];
  for (let run = 0; run < RUNS; run++) {
    const receiver = await start(["bench-floor", "receiver"]);
    const target = await server(engine);
    const made = await fetch(`${target.url}/v1/webhooks`, {
      method: "POST", headers: { authorization: `Bearer ${target.sandbox.server_key}`, "content-type": "application/json" },
      body: JSON.stringify({ url: `${receiver.line}/`, events: ["*"] }),
    });
    if (made.status !== 201) throw new Error(`no webhook: ${await made.text()}`);
    const count = async () => Number(await (await fetch(receiver.line)).text());
    const lag = async () => {
      const text = await (await fetch(target.metrics_url)).text();
      const buckets = [...text.matchAll(/^aboard_webhook_lag_seconds_bucket{le="([\d.]+)"} (\d+)/gm)].map(([, edge, below]) => [Number(edge), Number(below)]);
      const all = Number(/^aboard_webhook_lag_seconds_count (\d+)/m.exec(text)[1]);
      return buckets.find(([, below]) => below >= all * 0.99)?.[0] ?? Infinity;
    };
    // About a thousand events a second first, for the wait; then as many as there can be, for the rate.
    let wanted = wrk(target.url, "new_users", 2, [`slow${run}`], target.sandbox).requests;
    lags.push(await lag());
    const began = performance.now();
    const before = await count();
    wanted += wrk(target.url, "new_users", 32, [`hooked${run}`], target.sandbox).requests;
    let seen = 0;
    for (let tries = 0; tries < 2400 && (seen = await count()) < wanted; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    rates.push((seen - before) / ((performance.now() - began) / 1000));
    if (seen < wanted) throw new Error(`only ${seen} of ${wanted} events were told`);
    await target.stop();
    await receiver.stop();
  }
  return { rate: median(rates), lag: median(lags) };
}

/// Events that were there before the server, until a webhook was told of all: deliveries a second with nothing beside them.
async function drained(engine, count) {
  const rates = [];
  for (let run = 0; run < RUNS; run++) {
    const store = await database(engine);
    const first = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store]);
    await first.stop();
    const receiver = await start(["bench-floor", "receiver"]);
    execFileSync(ABOARD, ["bench-floor", "backlog", "--count", String(count), "--to", `${receiver.line}/`], { env: { ...process.env, ...settingsOf(store) } });
    const target = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store, ...UNLIMITED, "--set", "log.level=warn"]);
    const began = performance.now();
    let seen = 0;
    for (let tries = 0; tries < 2400 && seen < count; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen = Number(await (await fetch(receiver.line)).text());
    }
    rates.push(seen / ((performance.now() - began) / 1000));
    if (seen < count) throw new Error(`only ${seen} of ${count} events were told`);
    await target.stop();
    await receiver.stop();
  }
  return median(rates);
}

/// What a webhook was not told of yet: the time of a claim at the beginning and at the end of it, and the memory it takes.
async function backlog(engine, count) {
  const store = await database(engine);
  const first = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...store]);
  await first.stop();
  const line = execFileSync(ABOARD, ["bench-floor", "backlog", "--count", String(count)], { env: { ...process.env, ...settingsOf(store) }, encoding: "utf8" });
  const found = JSON.parse(line);
  say(`${engine}: a backlog of ${count} events`);
  return `A backlog of ${count} events: a claim of ${found.batch} takes ${found.first_claim_ms.toFixed(1)} ms at its beginning and ${found.last_claim_ms.toFixed(1)} ms at its end; ${found.peak_mib} MiB at most.`;
}

/// Moves a store of so many users from SQLite to PostgreSQL, compared row by row on both sides.
async function copying(count) {
  const [from, to] = [await database("sqlite"), await database("postgres")];
  const first = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...from]);
  const keys = JSON.parse(first.line).sandbox;
  await first.stop();
  const env = { ...process.env, ...settingsOf(from) };
  execFileSync(ABOARD, ["bench-floor", "seed", "--count", String(count), "--partner-key", keys.partner_key], { env });
  const done = JSON.parse(execFileSync(ABOARD, ["store", "copy", "--json", "--to", to[3]], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const each = (many) => Math.round(many / (done.milliseconds / 1000));
  const restored = await database("postgres");
  const dump = join(work, "dump");
  const tool = (name, args) => execFileSync(join(process.env.PG_BIN, name), args, { stdio: ["ignore", "ignore", "inherit"] });
  tool("pg_dump", ["-Fd", "-Z0", "-j2", "-f", dump, to[3]]);
  const began = performance.now();
  tool("pg_restore", ["-j2", "--no-owner", "-d", restored[3], dump]);
  const alone = Math.round(done.users / ((performance.now() - began) / 1000));
  return `\`aboard store copy\` to PostgreSQL: ${each(done.users)} users a second, ${each(done.rows)} rows. \`pg_restore -j2\` of the same rows, which reads no SQLite and compares nothing: ${alone} users a second.`;
}

/// Two nodes against one on the same database, with a receiver that takes 100 ms: how many times as many deliveries.
async function nodes() {
  const rates = [];
  for (const count of [1, 2]) {
    let seen = 0;
    const slow = createServer((call, answer) => {
      call.resume();
      setTimeout(() => { seen += 1; answer.writeHead(204).end(); }, 100);
    });
    await new Promise((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const first = await server("postgres");
    const hook = { url: `http://127.0.0.1:${slow.address().port}/`, events: ["*"] };
    const headers = { authorization: `Bearer ${first.sandbox.server_key}`, "content-type": "application/json" };
    await fetch(`${first.url}/v1/webhooks`, { method: "POST", headers, body: JSON.stringify(hook) });
    wrk(first.url, "new_users", 32, [`nodes${count}`], first.sandbox, 3);
    const others = [];
    if (count === 2) others.push(await start(["dev", "--listen", "127.0.0.1:0", "--json", ...first.store, ...UNLIMITED, "--set", "log.level=warn"]));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = seen;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    rates.push((seen - before) / 5);
    for (const one of [...others, first]) await one.stop();
    slow.close();
    slow.closeAllConnections();
  }
  return rates;
}

function table(engine, http, ceilings) {
  const lines = [
    `### ${engine === "sqlite" ? "SQLite" : "PostgreSQL"}`, "",
    "| call | connections | a second | in process | ratio | with HTTP | server CPU, µs | in process | mean group | p99 |", "|---|---|---|---|---|---|---|---|---|---|",
  ];
  const percent = (share) => `${Math.round(share * 100)} %`;
  for (const [name, byConnections] of Object.entries(http.rows)) {
    for (const connections of CONNECTIONS) {
      const runs = byConnections[connections];
      const of = (what) => median(runs.map(what));
      const ratio = of((run) => run.rate / run.floor.rate);
      // The ceiling once a bare echo and its load generator have taken their share of the same cores.
      const withHttp = of((run) => run.rate * (1 / run.floor.rate + 1 / run.echo));
      const group = ["check_user", "get_user"].includes(name) ? "–" : of((run) => run.group).toFixed(1);
      lines.push(`| ${name} | ${connections} | ${Math.round(of((run) => run.rate))} | ${Math.round(of((run) => run.floor.rate))} | ${percent(ratio)} | ${percent(withHttp)} | ${of((run) => run.cpu).toFixed(0)} | ${of((run) => run.floor.cpu).toFixed(0)} | ${group} | ${of((run) => run.p99).toFixed(1)} ms |`);
    }
  }
  lines.push("", `Webhook deliveries: ${Math.round(ceilings.deliveries)} a second, users and all. A message leaves ${ceilings.leaving.toFixed(1)} ms after its log-in was answered (p99). Memory: ${http.memory.idle.toFixed(0)} MiB idle, ${http.memory.peak.toFixed(0)} MiB at most.`, "");
  lines.push(signing(http, ceilings.syncs), "");
  lines.push(`Events told to a webhook: ${Math.round(ceilings.hooks.rate)} a second, users and all; first attempt after ${(ceilings.hooks.lag * 1000).toFixed(0)} ms at most for 99 of 100 under a lighter load.`, "");
  lines.push(`Events that were there before the server are told at ${Math.round(ceilings.drained)} a second.`, "");
  if (ceilings.backlog) lines.push(ceilings.backlog, "");
  if (ceilings.nodes) lines.push(`A receiver that takes 100 ms: ${Math.round(ceilings.nodes[0])} a second with one node, ${Math.round(ceilings.nodes[1])} with two.`, "");
  if (ceilings.copying) lines.push(ceilings.copying, "");
  lines.push("| beside | connections | a second | ours is |", "|---|---|---|---|");
  for (const connections of CONNECTIONS) {
    const beside = (what, name, ceiling) => {
      const runs = http.rows[name][connections];
      lines.push(`| ${what} | ${connections} | ${Math.round(median(runs.map(ceiling)))} | ${percent(median(runs.map((run) => run.rate / ceiling(run))))} |`);
    };
    beside("bare JSON echo, against embedded_check_user", "check_user", (run) => run.echo);
    beside("bare JSON echo, against GET user", "get_user", (run) => run.echo);
    if (engine !== "postgres") continue;
    beside("pgbench, the same select", "check_user", () => ceilings.select[connections]);
    beside("pgbench, the statements of a new user", "external_login_new", () => ceilings.insert[connections]);
  }
  return [...lines, ""];
}

/// What a signature costs beside its two commits: in the process, and by the time that the disk takes for them.
function signing(http, syncs) {
  const runs = http.rows.sign_message;
  const both = CONNECTIONS.map((connections) => {
    const ceiling = median(runs[connections].map((run) => run.both.rate));
    const share = Math.round(median(runs[connections].map((run) => run.rate / run.both.rate)) * 100);
    return `${Math.round(ceiling)} at ${connections} (over HTTP ${share} %)`;
  });
  const half = median(runs[32].map((run) => run.p50));
  return `sign_message: half of the answers within ${half.toFixed(2)} ms at 32 connections; two commits and 2 ms are ${(2_000 / syncs + 2).toFixed(2)} ms. The spend and the note of the key's use, in the process: ${both.join(", ")} a second.`;
}

/// Reads and writes on a store of many users against a small one.
async function large() {
  const sizes = option("sizes", "100000,1000000,10000000").split(",").map(Number);
  const lines = ["### A large store (SQLite)", "", "| users | external_login_new CPU, µs | check_user a second | check_user CPU, µs |", "|---|---|---|---|"];
  const first = await server("sqlite");
  await first.stop();
  for (const size of sizes) {
    execFileSync(ABOARD, ["bench-floor", "seed", "--count", String(size), "--partner-key", first.sandbox.partner_key].map(String), { env: { ...process.env, ...settingsOf(first.store) } });
    const running = await start(["dev", "--listen", "127.0.0.1:0", "--json", ...first.store, ...UNLIMITED, "--set", "log.level=warn"]);
    const target = { ...running, ...JSON.parse(running.line), pid: running.child.pid };
    const made = await measure(target, "new_users", 32, [`large${size}`]);
    const read = await measure(target, "known_users", 32, ["seed", size, "/api/v1/embedded_check_user", "anywhere"]);
    lines.push(`| ${size} | ${made.cpu.toFixed(0)} | ${Math.round(read.rate)} | ${read.cpu.toFixed(0)} |`);
    await target.stop();
    say(`large: ${size} users`);
  }
  return lines;
}

try {
  const syncs = Number(execFileSync(ABOARD, ["bench-floor", "disk", work], { encoding: "utf8" }));
  const lines = [
    `Machine: ${cpus().length} × ${cpus()[0].model.trim()}, ${syncs} syncs a second, load generator on the same cores.${process.env.SYNC_US ? ` Every sync of SQLite was made ${process.env.SYNC_US} µs longer.` : ""} Medians of ${RUNS} runs of ${SECONDS} s.`, "",
  ];
  if (LARGE) {
    lines.push(...(await large()));
    for (const engine of ENGINES) lines.push("", await backlog(engine, Number(option("backlog", 1_000_000))));
  } else {
    for (const engine of ENGINES) {
      const ceilings = { syncs, deliveries: await deliveries(engine), leaving: await leaving(engine), hooks: await hooks(engine), drained: await drained(engine, 20_000), backlog: await backlog(engine, Number(option("backlog", 100_000))) };
      if (engine === "postgres") {
        ceilings.nodes = await nodes();
        ceilings.copying = await copying(Number(option("copied", 100_000)));
        ceilings.insert = await pgbench("bench/pg/external_login.sql");
        ceilings.select = await pgbench("bench/pg/check_user.sql", "bench/pg/users.sql");
      }
      lines.push(...table(engine, await verbs(engine), ceilings));
    }
  }
  const text = lines.join("\n");
  process.stdout.write(`${text}\n`);
  const out = option("out");
  if (out) writeFileSync(out, `# Benchmarks\n\nMade by \`make bench\`; what each line means is in \`bench/bench.mjs\`.\n\n${text}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
