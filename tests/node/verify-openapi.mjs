// Checks an OpenAPI document from standard input against the specification's own schema, and that every reference leads
// somewhere. Prints its version; otherwise says what is wrong and exits 1.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(readFileSync(0, "utf8")));
if (valid) {
  validator.resolveRefs();
  console.log(`OpenAPI ${validator.version}`);
} else {
  console.error(JSON.stringify(errors, null, 1));
  process.exit(1);
}
