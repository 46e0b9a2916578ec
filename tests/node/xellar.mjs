// Drives the published SDK against a server: one JSON job a line, one JSON answer a line.
//
//   node xellar.mjs BASE_URL APP_ID CLIENT_SECRET    {"do":["auth","email","login"],"with":["ada@example.com"]}
//
// The SDK knows no other host than its vendor's, so its axios is told to go elsewhere: the same copy that it uses, before
// it makes its instances. What it asks of the ramp provider is not sent: the secret that it brought there is the answer.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [base, appId, clientSecret] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const axios = createRequire(require.resolve("@xellar/sdk"))("axios");
const send = axios.getAdapter("http");
axios.defaults.adapter = (config) => {
  const path = new URL(config.url ?? "", config.baseURL).toString();
  const from = new URL(config.baseURL ?? path);
  if (from.hostname.endsWith(".xellar.co")) {
    const rest = config.baseURL.slice(from.origin.length);
    return send({ ...config, baseURL: base + rest, proxy: false });
  }
  if (from.hostname.endsWith("rampable.co")) {
    const data = { data: { secret: config.headers["x-client-secret"] ?? null } };
    return Promise.resolve({ data, status: 200, statusText: "OK", headers: {}, config });
  }
  throw new Error(`the SDK called ${from.origin}`);
};

const { XellarSDK, XellarError } = require("@xellar/sdk");
const sdk = new XellarSDK({ env: "sandbox", appId, clientSecret });

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    const call = job.do.at(-1);
    const group = job.do.slice(0, -1).reduce((parent, name) => parent[name], sdk);
    // JSON has no forms; the SDK wants one.
    for (const one of job.with.filter((one) => one?.formData)) {
      const form = new FormData();
      for (const [name, text] of Object.entries(one.formData)) form.append(name, text);
      one.formData = form;
    }
    answer = { returned: await group[call](...job.with) };
  } catch (error) {
    const { code, message } = error;
    answer = { error: { is_xellar_error: error instanceof XellarError, code, message } };
  }
  console.log(JSON.stringify(answer));
}
