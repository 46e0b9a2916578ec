// `make fault-sends`: a send that was acknowledged arrives, and none arrives twice, whenever the server is killed.
//
//   bench/fault-sends [--rounds 30] [--engines sqlite,postgres] [--wallets 4]
//
// Wallets send coins on a chain of their own (anvil), each send with an Idempotency-Key and to an address that nobody else
// is paid at. In each round the server is killed with SIGKILL at a random moment and started again on the same store; what
// was not answered is asked for again with its key, as a careful back end does. At the end every address has been paid
// exactly once, whatever was answered when, and every answer's hash is the one that the chain has.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const ROUNDS = Number(option("rounds", 30));
const WALLETS = Number(option("wallets", 4));
const ENGINES = option("engines", "sqlite,postgres").split(",");
const NETWORK = "ethereum-sepolia";
const work = mkdtempSync(join(tmpdir(), "aboard-fault-sends-"));
const alive = new Set();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function run(command, args, stderr = "ignore") {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", stderr] });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  const lines = createInterface({ input: child.stdout });
  return { child, lines };
}

const line = (started, wanted) =>
  new Promise((resolve, reject) => {
    started.lines.on("line", (text) => wanted(text) && resolve(text));
    started.child.once("exit", (code) => reject(new Error(`it ended with ${code} before it was ready`)));
  });

async function chain() {
  const started = run(process.env.ABOARD_ANVIL, ["--host", "127.0.0.1", "--port", "0", "--chain-id", "11155111"]);
  const said = await line(started, (text) => text.includes("Listening on "));
  const url = `http://${said.split("Listening on ")[1].trim()}`;
  let id = 0;
  const ask = async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: (id += 1), method, params });
    const { result, error } = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  return { child: started.child, url, ask };
}

async function start(store, node) {
  const settings = ["limits.sandbox_per_minute=1000000000", "log.level=error", "log.access=false", `networks.${NETWORK}.endpoints=${node}`];
  const args = ["dev", "--listen", "127.0.0.1:0", "--json", ...store, ...settings.flatMap((one) => ["--set", one])];
  const started = run(process.env.ABOARD, args, "inherit");
  const ready = JSON.parse(await line(started, () => true));
  return { child: started.child, url: ready.url, secret: ready.sandbox.client_secret };
}

const end = (server, signal) =>
  new Promise((resolve) => {
    server.child.once("exit", resolve);
    server.child.kill(signal);
  });

/// The status of a call to which no whole answer came.
const GONE = 0;

/// A call of the wallet surface: status and data. By `fetch` it would look like a
/// browser's, in which a client secret is none.
function call(server, path, body, more = {}) {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "x-client-secret": server.secret, ...more };
    const sent = request(new URL(`/api/v2/${path}`, server.url), { method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("error", () => resolve({ status: GONE }));
      answer.on("end", () => {
        if (!answer.complete) return resolve({ status: GONE });
        const { data, message } = JSON.parse(text);
        resolve({ status: answer.statusCode, data, message });
      });
    });
    sent.on("error", () => resolve({ status: GONE }));
    sent.end(JSON.stringify(body));
  });
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function wallet(server, name, node) {
  const entered = await call(server, "auth/register-custody", { subId: name });
  if (entered.status !== 200) throw new Error(`no log-in: ${entered.message}`);
  const made = await call(server, "account/create", {}, bearer(entered.data.accessToken));
  const address = made.data.address.find((one) => one.network === "evm").address;
  await node.ask("anvil_setBalance", address, "0x3635c9adc5dea00000");
  return name;
}

let serial = 0;
const AMOUNT = 1_000_000_000_000_000n;

/// Sends until it is told to stop; what was asked for is in `asked`, with the hash that was answered or null.
async function load(server, name, asked, stopped) {
  while (!stopped.now) {
    const open = [...asked.values()].find((one) => one.name === name && one.hash === null && !one.busy);
    const to = open?.to ?? `0x${"5e9d".padEnd(30, "0")}${(serial += 1).toString(16).padStart(10, "0")}`;
    const send = open ?? { name, to, hash: null };
    asked.set(to, send);
    send.busy = true;
    const status = await ask(server, send);
    send.busy = false;
    if (status === GONE) return;
    // It has its reasons not to send now.
    if (status !== 200) await pause(50);
  }
}

/// Asks for one send; the status of the answer.
async function ask(server, send) {
  // A log-in for each send: a token that died with the server is nobody's worry.
  const entered = await call(server, "auth/login-custody", { subId: send.name });
  const known = (status, message) => {
    // 409: others of the wallet's sends are in front of it. 503: it has too much to do.
    if (![200, GONE, 409, 503].includes(status)) throw new Error(`${status}: ${message}`);
    return status;
  };
  if (entered.status !== 200) return known(entered.status, entered.message);
  const headers = { ...bearer(entered.data.walletToken), "idempotency-key": send.to };
  const body = { network: NETWORK, to: send.to, amount: "0.001" };
  const { status, data, message } = await call(server, "wallet/send-coin", body, headers);
  if (status === 200) send.hash = data.txReceipt.hash;
  return known(status, message);
}

function storeOf(engine) {
  const data = ["--data", join(work, engine)];
  if (engine === "sqlite") return data;
  execFileSync(join(process.env.PG_BIN, "psql"), [process.env.CLUSTER_URL, "-qc", "create database fault_sends"]);
  const url = new URL(process.env.CLUSTER_URL);
  url.pathname = "/fault_sends";
  return [...data, "--database", url.href];
}

async function kills(engine) {
  const node = await chain();
  const store = storeOf(engine);
  let server = await start(store, node.url);
  const names = await Promise.all(Array.from({ length: WALLETS }, (_, at) => wallet(server, `w${at}`, node)));
  const asked = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    const stopped = { now: false };
    // Two at once for each wallet, so that they want the same lane.
    const loading = names.flatMap((name) => [load(server, name, asked, stopped), load(server, name, asked, stopped)]);
    await pause(300 + Math.random() * 900);
    await end(server, "SIGKILL");
    stopped.now = true;
    await Promise.all(loading);
    server = await start(store, node.url);
  }
  for (const send of asked.values()) {
    while (send.hash === null && (await ask(server, send)) !== 200) await pause(500);
  }
  // What was stored and not offered is offered by a job.
  const paid = async () => Promise.all([...asked.keys()].map(async (to) => BigInt(await node.ask("eth_getBalance", to, "latest"))));
  let balances = await paid();
  for (let tries = 0; tries < 120 && balances.some((wei) => wei === 0n); tries++) {
    await pause(1000);
    balances = await paid();
  }
  const receipts = await Promise.all([...asked.values()].map((one) => node.ask("eth_getTransactionReceipt", one.hash)));
  const lost = balances.filter((wei) => wei === 0n).length;
  const twice = balances.filter((wei) => wei > AMOUNT).length;
  const strange = receipts.filter((receipt) => receipt?.status !== "0x1").length;
  await end(server, "SIGTERM");
  node.child.kill();
  console.log(`${engine}: ${ROUNDS} kills, ${asked.size} sends, ${lost} lost, ${twice} sent twice, ${strange} answered with a hash that the chain does not have`);
  return lost + twice + strange === 0 && asked.size > 0;
}

let fine = true;
try {
  for (const engine of ENGINES) fine = (await kills(engine)) && fine;
} finally {
  for (const child of alive) child.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
}
process.exit(fine ? 0 : 1);
