// Verifies one webhook the way a partner does, with the `standardwebhooks` package.
//
//   echo '{"secret":"whsec_…","headers":{"webhook-id":…},"body":"…"}' | node verify-webhook.mjs
//
// `body` is the raw body as text. Prints `ok`; otherwise says why not and exits 1.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

try {
  const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
  new Webhook(secret).verify(body, headers, { jsonParse: false });
  console.log("ok");
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}
