import assert from 'node:assert/strict'
import bs58 from 'bs58'
import nacl from 'tweetnacl'
import { derivePath } from 'ed25519-hd-key'
import {
  address as toAddress,
  getAddressEncoder,
  getCompiledTransactionMessageDecoder,
  getProgramDerivedAddress,
  getPublicKeyFromAddress,
  getTransactionDecoder,
  getTransactionEncoder,
  verifySignature,
} from '@solana/kit'

const SYSTEM = '11111111111111111111111111111111'
const ASSOCIATED = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'
const BUDGET = 'ComputeBudget111111111111111111111111111111'

const hex = (text) => Uint8Array.from(Buffer.from(text, 'hex'))
const u64 = (bytes, at = 0) => Buffer.from(bytes).readBigUInt64LE(at)

export function solanaKeys({ solana }, seed) {
  const { key } = derivePath("m/44'/501'/0'/0'", Buffer.from(seed).toString('hex'))
  const pair = nacl.sign.keyPair.fromSeed(Uint8Array.from(key))
  assert.equal(bs58.encode(pair.publicKey), solana)
  return { pair, address: solana }
}

export async function checkSolana(fact, { pair, address }) {
  if (fact.kind === 'solana-message') {
    const message = Uint8Array.from(Buffer.from(fact.message, 'utf8'))
    const signature = hex(fact.signature)
    assert(nacl.sign.detached.verify(message, signature, pair.publicKey))
    assert.deepEqual(nacl.sign.detached(message, pair.secretKey), signature)
    const key = await getPublicKeyFromAddress(toAddress(address))
    assert(await verifySignature(key, signature, message))
    return
  }
  const { message, instructions } = await decode(fact, pair, address)
  switch (fact.kind) {
    case 'solana-transfer': {
      assert.equal(message.lifetimeToken, fact.blockhash)
      const [transfer, ...budget] = [...instructions].reverse()
      assert.equal(transfer.program, SYSTEM)
      assert.deepEqual(transfer.accounts.map((account) => account.key), [address, fact.to])
      assert.equal(Buffer.from(transfer.data).readUInt32LE(0), 2)
      assert.equal(u64(transfer.data, 4), BigInt(fact.lamports))
      assert.equal(budget.length, fact.price === null ? 0 : 2)
      if (budget.length) {
        assert(budget.every(({ program }) => program === BUDGET))
        assert.equal(u64(budget[0].data, 1), BigInt(fact.price))
        assert.equal(Buffer.from(budget[1].data).readUInt32LE(1), fact.units)
      }
      break
    }
    case 'solana-token': {
      const account = async (owner) => {
        const seeds = [owner, fact.program, fact.mint].map((seed) => getAddressEncoder().encode(toAddress(seed)))
        const [derived] = await getProgramDerivedAddress({ programAddress: toAddress(ASSOCIATED), seeds })
        return derived
      }
      assert.equal(await account(address), fact.source)
      assert.equal(await account(fact.to), fact.target)
      const [transfer, create] = [...instructions].reverse()
      assert.equal(create.program, ASSOCIATED)
      assert.deepEqual([...create.data], [1])
      assert.deepEqual(
        create.accounts.map(({ key }) => key),
        [address, fact.target, fact.to, fact.mint, SYSTEM, fact.program],
      )
      assert.equal(transfer.program, fact.program)
      assert.deepEqual(transfer.accounts.map(({ key }) => key), [fact.source, fact.mint, fact.target, address])
      assert.equal(transfer.data[0], 12)
      assert.equal(u64(transfer.data, 1), BigInt(fact.amount))
      assert.equal(transfer.data[9], fact.decimals)
      break
    }
    case 'solana-instructions': {
      assert.equal(instructions.length, fact.instructions.length)
      // What an account may do is the most that any instruction asks for it.
      const asked = new Map([[address, { signer: true, writable: true }]])
      for (const { programId, keys } of fact.instructions) {
        for (const { pubkey, isSigner, isWritable } of [...keys, { pubkey: programId }]) {
          const known = asked.get(pubkey) ?? { signer: false, writable: false }
          asked.set(pubkey, { signer: known.signer || !!isSigner, writable: known.writable || !!isWritable })
        }
      }
      fact.instructions.forEach(({ programId, keys, data }, i) => {
        assert.equal(instructions[i].program, programId)
        assert.equal(Buffer.from(instructions[i].data).toString('hex'), data)
        assert.deepEqual(
          instructions[i].accounts,
          keys.map(({ pubkey }) => ({ key: pubkey, ...asked.get(pubkey) })),
        )
      })
      break
    }
    default:
      throw new Error(fact.kind)
  }
}

// The transaction as kit reads it, its signature checked by both libraries.
async function decode(fact, pair, address) {
  const raw = hex(fact.raw)
  const transaction = getTransactionDecoder().decode(raw)
  assert.deepEqual(Uint8Array.from(getTransactionEncoder().encode(transaction)), raw)
  const bytes = Uint8Array.from(transaction.messageBytes)
  const signature = transaction.signatures[address]
  assert(nacl.sign.detached.verify(bytes, Uint8Array.from(signature), pair.publicKey))
  const key = await getPublicKeyFromAddress(toAddress(address))
  assert(await verifySignature(key, signature, bytes))

  const message = getCompiledTransactionMessageDecoder().decode(bytes)
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = message.header
  const count = message.staticAccounts.length
  const account = (i) => ({
    key: message.staticAccounts[i],
    signer: i < numSignerAccounts,
    writable:
      i < numSignerAccounts ? i < numSignerAccounts - numReadonlySignerAccounts : i < count - numReadonlyNonSignerAccounts,
  })
  assert.deepEqual(account(0), { key: address, signer: true, writable: true })
  const instructions = message.instructions.map(({ programAddressIndex, accountIndices, data }) => ({
    program: message.staticAccounts[programAddressIndex],
    accounts: (accountIndices ?? []).map(account),
    data: data ?? new Uint8Array(),
  }))
  return { message, instructions }
}
