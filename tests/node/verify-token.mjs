// Verifies one token the way an integrator does, with the `jose` package and the issuer's published keys.
//
//   echo '{"token":"ey…","issuer":"http://…/e/env_…","audience":"…","type":"…","now":1800000000}' | node verify-token.mjs
//
// `now` is the time to check against, in Unix seconds. Prints header and claims as JSON; otherwise says why not and
// exits 1.
import { readFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";

try {
  const { token, issuer, audience, type, now } = JSON.parse(readFileSync(0, "utf8"));
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer,
    audience,
    typ: type,
    currentDate: new Date(now * 1000),
    requiredClaims: ["iss", "aud", "sub", "iat", "exp", "amr", "auth_time"],
  });
  console.log(JSON.stringify({ header: protectedHeader, claims: payload }));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}
