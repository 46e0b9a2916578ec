import assert from 'node:assert/strict'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const hex = (text) => Uint8Array.from(Buffer.from(text, 'hex'))

export async function checkExport(fact, words) {
  const recipientKey = await suite.kem.deserializePrivateKey(hex(fact.private))
  const info = new TextEncoder().encode('aboard-wallet-export-1')
  const context = await suite.createRecipientContext({ recipientKey, enc: hex(fact.enc), info })
  const opened = await context.open(hex(fact.ciphertext), hex(fact.wallet))
  assert.equal(new TextDecoder().decode(opened), words)
}
