// Checks the lines of the example `wallet_proofs` (standard input) with libraries that others wrote.
// Wherever a signature is deterministic, theirs has to be equal to ours, byte for byte.
import { createInterface } from 'node:readline'
import assert from 'node:assert/strict'

import * as bip39 from 'bip39'
import { checkEvm, evmKeys } from './evm.mjs'
import { checkSolana, solanaKeys } from './solana.mjs'
import { checkBitcoin, bitcoinKeys } from './bitcoin.mjs'
import { checkExport } from './export.mjs'

const counts = {}
let keys

async function check(line) {
  const fact = JSON.parse(line)
  if (fact.kind === 'keys') {
    assert(bip39.validateMnemonic(fact.words))
    assert.equal(bip39.entropyToMnemonic(bip39.mnemonicToEntropy(fact.words)), fact.words)
    const seed = bip39.mnemonicToSeedSync(fact.words)
    keys = { words: fact.words, evm: evmKeys(fact), solana: solanaKeys(fact, seed), bitcoin: bitcoinKeys(fact, seed) }
  } else if (fact.kind.startsWith('evm-')) await checkEvm(fact, keys.evm)
  else if (fact.kind.startsWith('solana-')) await checkSolana(fact, keys.solana)
  else if (fact.kind.startsWith('bitcoin-')) checkBitcoin(fact, keys.bitcoin)
  else if (fact.kind === 'export') await checkExport(fact, keys.words)
  else throw new Error(`unknown kind ${fact.kind}`)
  counts[fact.kind] = (counts[fact.kind] ?? 0) + 1
}

let failed = 0
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await check(line)
  } catch (error) {
    failed += 1
    console.error(line, '\n', error)
    if (failed === 5) break
  }
}
console.table(counts)
const checked = Object.values(counts).reduce((a, b) => a + b, 0)
console.log(`${checked} checked, ${failed} failed`)
process.exit(failed || !checked ? 1 : 0)
