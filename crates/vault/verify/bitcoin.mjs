import assert from 'node:assert/strict'
import * as bitcoin from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { BIP32Factory } from 'bip32'
import { HDKey } from '@scure/bip32'
import { ECPairFactory } from 'ecpair'
import { Verifier } from 'bip322-js'

bitcoin.initEccLib(ecc)
const bip32 = BIP32Factory(ecc)
const ECPair = ECPairFactory(ecc)
const PATH = "m/84'/0'/0'/0/0"
const hex = (text) => Uint8Array.from(Buffer.from(text, 'hex'))

export function bitcoinKeys(fact, seed) {
  const node = bip32.fromSeed(seed).derivePath(PATH)
  const pubkey = node.publicKey
  assert.deepEqual(Buffer.from(HDKey.fromMasterSeed(seed).derive(PATH).publicKey), Buffer.from(pubkey))
  const address = (network) => bitcoin.payments.p2wpkh({ pubkey, network }).address
  assert.equal(address(bitcoin.networks.bitcoin), fact.bitcoin)
  assert.equal(address(bitcoin.networks.testnet), fact.bitcoinTest)
  assert.equal(address(bitcoin.networks.regtest), fact.bitcoinRegtest)
  return { pair: ECPair.fromPrivateKey(node.privateKey), pubkey, address: fact.bitcoin }
}

export function checkBitcoin(fact, key) {
  switch (fact.kind) {
    case 'bitcoin-message':
      assert(Verifier.verifySignature(key.address, fact.message, fact.signature))
      assert(!Verifier.verifySignature(key.address, `${fact.message}.`, fact.signature))
      break
    case 'bitcoin-payment':
      checkPayment(fact, key)
      break
    case 'bitcoin-psbt':
      checkPsbt(fact, key)
      break
    default:
      throw new Error(fact.kind)
  }
}

// Each input's signature against the digest that bitcoinjs computes (BIP-143), strictly low s.
function checkInputs(transaction, values, { pubkey }) {
  const script = bitcoin.payments.p2pkh({ pubkey }).output
  transaction.ins.forEach((input, i) => {
    const [signature, own] = input.witness
    assert.equal(input.witness.length, 2)
    assert.deepEqual(Buffer.from(own), Buffer.from(pubkey))
    const decoded = bitcoin.script.signature.decode(signature)
    assert.equal(decoded.hashType, bitcoin.Transaction.SIGHASH_ALL)
    const digest = transaction.hashForWitnessV0(i, script, BigInt(values[i]), decoded.hashType)
    assert(ecc.verify(digest, pubkey, decoded.signature, true))
  })
}

function checkPayment(fact, key) {
  const transaction = bitcoin.Transaction.fromHex(fact.raw)
  assert.equal(transaction.getId(), fact.txid)
  const coins = new Map(fact.coins.map((coin) => [`${coin.txid}:${coin.vout}`, coin.value]))
  assert.equal(coins.size, transaction.ins.length)
  const names = transaction.ins.map(({ hash, index }) => `${Buffer.from(hash).reverse().toString('hex')}:${index}`)
  const values = names.map((name) => coins.get(name))
  assert(values.every((value) => value > 0))
  checkInputs(transaction, values, key)

  const name = ({ script, value }) => `${bitcoin.address.fromOutputScript(script)} ${value}`
  const expected = [`${fact.to} ${fact.amount}`, ...(fact.change ? [`${key.address} ${fact.change}`] : [])]
  assert.deepEqual(transaction.outs.map(name).sort(), expected.sort())
  const spent = values.reduce((a, b) => a + b, 0)
  const out = transaction.outs.reduce((sum, { value }) => sum + Number(value), 0)
  assert.equal(spent - out, fact.fee)

  // What it pays is the rate it was made for. Signatures can be up to two bytes shorter than planned;
  // without change the miner may get what would not have been relayed.
  const least = (transaction.virtualSize() * fact.rate) / 1000
  const slack = ((transaction.ins.length + 1) * fact.rate) / 1000 + 1
  const dust = fact.change ? 0 : 294 + (31 * fact.rate) / 1000
  assert(fact.fee >= Math.floor(least) && fact.fee <= least + slack + dust, `${fact.fee} for ${least}`)
}

function checkPsbt(fact, key) {
  const network = bitcoin.networks.bitcoin
  const psbt = bitcoin.Psbt.fromBuffer(hex(fact.signed), { network })
  assert(psbt.validateSignaturesOfAllInputs((pubkey, digest, signature) => ecc.verify(digest, pubkey, signature, true)))
  psbt.finalizeAllInputs()
  assert.equal(psbt.extractTransaction(true).toHex(), fact.raw)
  assert.equal(Number(psbt.getFee()), fact.fee)
  checkInputs(bitcoin.Transaction.fromHex(fact.raw), fact.values, key)

  const theirs = bitcoin.Psbt.fromBuffer(hex(fact.psbt), { network })
  theirs.signAllInputs(key.pair)
  theirs.finalizeAllInputs()
  assert.equal(theirs.extractTransaction(true).toHex(), fact.raw)
}
