// `make fault`: what the server acknowledged must be there after `kill -9`, and every new user's webhook must arrive.
//
//   bench/fault [--rounds 100] [--engines sqlite,postgres] [--skip-full-disk]
//   bench/fault --webhooks 100000 [--engines sqlite,postgres]
//
// A webhook of the organization's is told of every user as well, at a receiver that fails two of three times at random.
//
// Each round starts the server on the same store, creates users over 32 connections with a webhook_endpoint of a
// receiver that lives through all rounds, kills the server with SIGKILL at a random moment, and starts it again. Every
// user whose creation was answered 200 must then be known. At the end every one of their webhooks must have arrived.
// Then the disk is filled (SQLite, by a limit on the file size): 503 for what does not fit, nothing acknowledged lost.
// With --webhooks it makes so many events instead, while the server is killed and the receiver, which fails two of three
// times at random, is killed and restarted as well: each event that was acknowledged must arrive at least once.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const ROUNDS = Number(option("rounds", 100));
const ENGINES = option("engines", "sqlite,postgres").split(",");
const CONNECTIONS = 32;
const work = mkdtempSync(join(tmpdir(), "aboard-fault-"));
const alive = new Set();
const SETTINGS = ["--set", "limits.sandbox_per_minute=1000000000", "--set", `webhooks.retry_schedule=${Array(60).fill("1s").join(",")}`, "--set", "log.level=error", "--set", "log.access=false"];

async function start(store, wrap = []) {
  const [command, ...args] = [...wrap, process.env.ABOARD, "dev", "--listen", "127.0.0.1:0", "--json", ...store, ...SETTINGS];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  const ready = JSON.parse(line);
  return { child, url: new URL(ready.url), key: ready.sandbox.partner_key, serverKey: ready.sandbox.server_key, agent: new Agent({ keepAlive: true, maxSockets: CONNECTIONS }) };
}

function end(server, signal) {
  server.agent.destroy();
  return new Promise((resolve) => {
    server.child.once("exit", resolve);
    server.child.kill(signal);
  });
}

/// One POST; the status, or 0 when the connection broke before a whole answer came.
function post(server, path, body) {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "x-partner-api-key": server.key };
    const call = request({ host: server.url.hostname, port: server.url.port, path, method: "POST", agent: server.agent, headers }, (answer) => {
      answer.on("data", () => {});
      answer.on("end", () => resolve(answer.complete ? answer.statusCode : 0));
      answer.on("error", () => resolve(0));
    });
    call.on("error", () => resolve(0));
    call.end(JSON.stringify(body));
  });
}

const received = new Set();
/// Users that the organization's webhook was told of, by event; and how often something came again.
const told = new Map();
let repeats = 0;
const receiver = createServer((incoming, answer) => {
  let body = "";
  incoming.on("data", (chunk) => (body += chunk));
  incoming.on("end", () => {
    if (incoming.url === "/events") {
      if (Math.random() < 2 / 3) return answer.writeHead(500).end();
      const id = incoming.headers["webhook-id"];
      if (told.has(id)) repeats += 1;
      told.set(id, JSON.parse(body).data.user_id);
      return answer.writeHead(204).end();
    }
    received.add(JSON.parse(body).partner_user_id);
    answer.writeHead(204).end();
  });
});
const listen = (port) => new Promise((resolve) => receiver.listen(port, "127.0.0.1", resolve));
await listen(0);
const hook = `http://127.0.0.1:${receiver.address().port}/hook`;

let serial = 0;
const user = (name) => ({ email: `${name}@example.com`, partner_user_id: name, phone: "1234567890", webhook_endpoint: hook });

/// Creates users until a call fails; adds the acknowledged ones. Answers the statuses of the failed calls.
async function load(server, acknowledged, stopped) {
  const failed = [];
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (!stopped.now) {
      const name = `u${(serial += 1)}`;
      const status = await post(server, "/api/v1/external_login", user(name));
      if (status === 200) acknowledged.push(name);
      else {
        failed.push(status);
        return;
      }
    }
  }));
  return failed;
}

async function missing(server, names) {
  const lost = [];
  const queue = [...names];
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    for (let name = queue.pop(); name; name = queue.pop()) {
      const status = await post(server, "/api/v1/embedded_check_user", { partner_user_id: name });
      if (status !== 200) lost.push(`${name} (${status})`);
    }
  }));
  return lost;
}

/// Makes the organization's webhook.
async function subscribe(server) {
  const made = await fetch(new URL("/v1/webhooks", server.url), {
    method: "POST", headers: { authorization: `Bearer ${server.serverKey}`, "content-type": "application/json" },
    body: JSON.stringify({ url: hook.replace("/hook", "/events"), events: ["user.*"] }),
  });
  if (made.status !== 201) throw new Error(`no webhook: ${await made.text()}`);
}

/// Pulls the whole log: how many events of it the webhook was never told of, once it had time.
async function eventsArrive(server) {
  const ids = [];
  for (let after = ""; ; ) {
    const page = await fetch(new URL(`/v1/events?limit=100&types=user.*${after}`, server.url), { headers: { authorization: `Bearer ${server.serverKey}` } });
    const { data, meta } = await page.json();
    ids.push(...data.map((event) => event.event_id));
    if (!meta.has_more) break;
    after = `&after=${meta.next_cursor}`;
  }
  const missing = () => ids.filter((id) => !told.has(id));
  for (let tries = 0; tries < 6000 && missing().length > 0; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return { pulled: ids.length, twice: ids.length - new Set(ids).size, missing: missing().length };
}

async function webhooksArrive(names) {
  for (let tries = 0; tries < 1200; tries++) {
    if (names.every((name) => received.has(name))) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return names.filter((name) => !received.has(name));
}

function storeOf(engine, name) {
  const data = ["--data", join(work, `${engine}-${name}`)];
  if (engine === "sqlite") return data;
  execFileSync(join(process.env.PG_BIN, "psql"), [process.env.CLUSTER_URL, "-qc", `create database fault_${name}`]);
  const url = new URL(process.env.CLUSTER_URL);
  url.pathname = `/fault_${name}`;
  return [...data, "--database", url.href];
}

async function kills(engine) {
  const store = storeOf(engine, "kills");
  const all = [];
  let lost = 0;
  let server = await start(store);
  await subscribe(server);
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = [];
    const stopped = { now: false };
    const loading = load(server, acknowledged, stopped);
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 250));
    await end(server, "SIGKILL");
    stopped.now = true;
    await loading;
    server = await start(store);
    const gone = await missing(server, acknowledged);
    lost += gone.length;
    if (gone.length > 0) console.log(`${engine}: round ${round} lost ${gone.slice(0, 5).join(", ")}`);
    all.push(...acknowledged);
  }
  const silent = await webhooksArrive(all);
  const events = await eventsArrive(server);
  const later = await missing(server, all.filter((_, at) => at % 7 === 0));
  await end(server, "SIGTERM");
  console.log(`${engine}: ${ROUNDS} kills, ${all.length} users acknowledged, ${lost + later.length} lost, ${silent.length} webhooks missing; ${events.pulled} events pulled, ${events.twice} twice, ${events.missing} never told, ${repeats} told again`);
  return lost + later.length + silent.length + events.twice + events.missing === 0 && events.pulled >= all.length;
}

/// One event; its id, or nothing when the connection broke before a whole answer came.
async function trigger(server) {
  try {
    const answer = await fetch(new URL("/v1/events", server.url), {
      method: "POST", headers: { authorization: `Bearer ${server.serverKey}`, "content-type": "application/json" },
      body: JSON.stringify({ type: "user.linked" }),
    });
    return answer.status === 201 ? (await answer.json()).data.event_id : undefined;
  } catch {
    return undefined;
  }
}

/// The receiver goes away with all its connections, and comes back at the same address.
async function restartReceiver() {
  const { port } = receiver.address();
  const closed = new Promise((resolve) => receiver.close(resolve));
  receiver.closeAllConnections();
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 800));
  await listen(port);
}

/// Makes events until there are so many, while server and receiver are killed; how many never arrived.
async function events(engine, count) {
  const store = storeOf(engine, "events");
  const acknowledged = new Set();
  const kills = 5;
  const began = performance.now();
  let server = await start(store);
  await subscribe(server);
  for (let round = 1; round <= kills + 1; round++) {
    const until = Math.ceil((count * round) / (kills + 1));
    const running = server;
    let broken = false;
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      while (!broken && acknowledged.size < until) {
        const id = await trigger(running);
        if (id) acknowledged.add(id);
        else broken = true;
      }
    }));
    if (round > kills) break;
    // More are on their way when it dies.
    const last = Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      const id = await trigger(running);
      if (id) acknowledged.add(id);
    }));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    await end(server, "SIGKILL");
    await last;
    server = await start(store);
    await restartReceiver();
  }
  const made = (performance.now() - began) / 1000;
  const missing = () => [...acknowledged].filter((id) => !told.has(id)).length;
  // What a dead server held comes back when its lease is over: a minute.
  const patience = performance.now() + 180_000 + count * 20;
  let left = missing();
  while (left > 0 && performance.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    left = missing();
  }
  const pulled = await eventsArrive(server);
  await end(server, "SIGTERM");
  console.log(`${engine}: ${kills} kills, ${acknowledged.size} events acknowledged in ${made.toFixed(0)} s, ${left} never told; ${pulled.pulled} pulled, ${pulled.twice} twice, ${pulled.missing} of them never told, ${repeats} told again; ${((performance.now() - began) / 1000).toFixed(0)} s in all`);
  return left + pulled.twice + pulled.missing === 0 && acknowledged.size >= count;
}

/// A file size limit makes the disk full for this process alone: writes beyond it fail as on a full disk.
async function fullDisk() {
  const store = storeOf("sqlite", "full");
  const acknowledged = [];
  let server = await start(store, ["bash", "-c", "trap '' XFSZ; ulimit -f 6000; exec \"$@\"", "bash"]);
  const failed = await load(server, acknowledged, { now: false });
  const again = await post(server, "/api/v1/external_login", user("after-full"));
  await end(server, "SIGTERM");
  const honest = failed.every((status) => status === 503) && again === 503;
  server = await start(store);
  const gone = await missing(server, acknowledged);
  const works = (await post(server, "/api/v1/external_login", user("room-again"))) === 200;
  await end(server, "SIGTERM");
  console.log(`full disk: ${acknowledged.length} users acknowledged, ${gone.length} lost, refused with ${[...new Set([...failed, again])]}, works again with room: ${works}`);
  return honest && works && gone.length === 0 && acknowledged.length > 0;
}

let fine = true;
try {
  const count = Number(option("webhooks", 0));
  for (const engine of ENGINES) fine = (count > 0 ? await events(engine, count) : await kills(engine)) && fine;
  if (count === 0 && !process.argv.includes("--skip-full-disk")) fine = (await fullDisk()) && fine;
} finally {
  for (const child of alive) child.kill("SIGKILL");
  receiver.close();
  receiver.closeAllConnections();
  rmSync(work, { recursive: true, force: true });
}
process.exit(fine ? 0 : 1);
