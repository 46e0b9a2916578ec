// Says who signed what a wallet signed, by viem, ethers and Node's own Ed25519: one JSON job a line, one JSON answer a
// line, `{"by": […]}` with the signers that each of them finds, or `{"error": …}`.
//
//   node verify-wallet.mjs    {"what":"message","message":"hello","signature":"0x…"}
import { createPublicKey, verify } from "node:crypto";
import { createInterface } from "node:readline";

import { JsonRpcProvider, Transaction, verifyMessage, verifyTypedData, recoverAddress as recoverByEthers } from "ethers";
import {
  parseTransaction,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from "viem";
import { recoverAuthorizationAddress } from "viem/utils";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// Independent of the server's own.
function base58(text) {
  let number = 0n;
  for (const letter of text) number = number * 58n + BigInt(ALPHABET.indexOf(letter));
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
  const zeros = text.match(/^1*/)[0].length;
  return Buffer.concat([Buffer.alloc(zeros), bytes]);
}

const ed25519 = (address, message, signature) => {
  const x = base58(address).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, message, key, signature);
};

const jobs = {
  async message({ message, signature }) {
    return [await recoverMessageAddress({ message, signature }), verifyMessage(message, signature)];
  },
  async typed({ data, signature }) {
    const { domain, types, primaryType, message } = JSON.parse(data);
    const { EIP712Domain, ...rest } = types;
    return [
      await recoverTypedDataAddress({ domain, types: rest, primaryType, message, signature }),
      verifyTypedData(domain, rest, message, signature),
    ];
  },
  async hash({ hash, signature }) {
    return [await recoverAddress({ hash, signature }), recoverByEthers(hash, signature)];
  },
  async transaction({ raw, expected }) {
    const [parsed, other] = [parseTransaction(raw), Transaction.from(raw)];
    const said = {
      to: parsed.to,
      value: String(parsed.value ?? 0),
      nonce: parsed.nonce ?? 0,
      chainId: parsed.chainId,
      data: parsed.data ?? "0x",
    };
    for (const [name, value] of Object.entries(expected)) {
      const found = name === "to" ? said.to?.toLowerCase() : said[name];
      if (found !== (name === "to" ? value.toLowerCase() : value)) throw new Error(`${name} is ${said[name]}`);
    }
    const signers = [await recoverTransactionAddress({ serializedTransaction: raw }), other.from];
    return signers;
  },
  // What ethers makes of a node's answer. No node is asked.
  async response({ transaction }) {
    const nobody = new JsonRpcProvider("http://127.0.0.1:1", Number(transaction.chainId), { staticNetwork: true });
    const response = nobody._wrapTransactionResponse(transaction).toJSON();
    nobody.destroy();
    return response;
  },
  async authorization({ authorization }) {
    const { r, s, yParity, ...rest } = authorization;
    return [await recoverAuthorizationAddress({ authorization: { ...rest, r, s, yParity } })];
  },
  async solana({ address, message, signature }) {
    return [ed25519(address, Buffer.from(message), base58(signature)) ? address : null];
  },
  // The wire form: a count, the signatures, the message whose keys begin after its header.
  async solanaTransaction({ address, signed }) {
    const bytes = Buffer.from(signed, "base64");
    const message = bytes.subarray(1 + 64 * bytes[0]);
    return [ed25519(address, message, bytes.subarray(1, 65)) ? address : null];
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    answer = { by: await jobs[job.what](job) };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
