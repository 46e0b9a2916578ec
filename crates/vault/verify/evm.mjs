import assert from 'node:assert/strict'
import { ethers } from 'ethers'
import { hashTypedData, recoverMessageAddress, parseTransaction } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

const big = (value) => (value === null || value === undefined ? undefined : BigInt(value))

export function evmKeys({ words, evm }) {
  const viem = mnemonicToAccount(words)
  const wallet = ethers.HDNodeWallet.fromPhrase(words)
  assert.equal(viem.address, evm)
  assert.equal(wallet.address, evm)
  return { viem, wallet, address: evm }
}

export async function checkEvm(fact, { viem, wallet, address }) {
  switch (fact.kind) {
    case 'evm-message': {
      const raw = `0x${fact.message}`
      const signature = `0x${fact.signature}`
      assert.equal(await viem.signMessage({ message: { raw } }), signature)
      assert.equal(await wallet.signMessage(ethers.getBytes(raw)), signature)
      assert.equal(await recoverMessageAddress({ message: { raw }, signature }), address)
      assert.equal(ethers.verifyMessage(ethers.getBytes(raw), signature), address)
      break
    }
    case 'evm-hash':
      assert.equal(await viem.sign({ hash: `0x${fact.hash}` }), `0x${fact.signature}`)
      assert.equal(wallet.signingKey.sign(`0x${fact.hash}`).serialized, `0x${fact.signature}`)
      break
    case 'evm-typed': {
      const { domain, types, primaryType, message } = fact.document
      assert.equal(hashTypedData(fact.document), fact.hash)
      assert.equal(await viem.signTypedData(fact.document), `0x${fact.signature}`)
      const { EIP712Domain, ...rest } = types
      assert.equal(ethers.TypedDataEncoder.from(rest).primaryType, primaryType)
      assert.equal(ethers.TypedDataEncoder.hash(domain, rest, message), fact.hash)
      assert.equal(await wallet.signTypedData(domain, rest, message), `0x${fact.signature}`)
      break
    }
    case 'evm-authorization': {
      const { chainId, nonce, yParity, r, s } = fact
      const theirs = await viem.signAuthorization({ chainId, nonce, address: fact.address })
      assert.deepEqual(
        [theirs.yParity, big(theirs.r), big(theirs.s)],
        [yParity, big(r), big(s)],
      )
      const signed = await wallet.authorize({ chainId, nonce, address: fact.address })
      assert.deepEqual([signed.signature.yParity, signed.signature.r, signed.signature.s], [yParity, r, s])
      break
    }
    case 'evm-transaction':
      await checkTransaction(fact, viem, address)
      break
    default:
      throw new Error(fact.kind)
  }
}

async function checkTransaction(fact, viem, address) {
  const { type, chainId, nonce, data, accessList, authorizationList } = fact
  const fees =
    type < 2 ? { gasPrice: big(fact.price) } : { maxFeePerGas: big(fact.price), maxPriorityFeePerGas: big(fact.tip) }
  const theirs = await viem.signTransaction({
    type: ['legacy', 'eip2930', 'eip1559', , 'eip7702'][type],
    chainId,
    nonce,
    gas: big(fact.gas),
    to: fact.to,
    value: big(fact.value),
    data,
    ...fees,
    ...(type > 0 && { accessList }),
    ...(type === 4 && { authorizationList }),
  })
  assert.equal(theirs, fact.raw)
  assert.equal(parseTransaction(fact.raw).chainId, chainId)

  const read = ethers.Transaction.from(fact.raw)
  assert.equal(read.from, address)
  assert.equal(read.hash, fact.hash)
  assert.equal(read.type, type)
  assert.deepEqual(
    [read.chainId, read.nonce, read.gasLimit, read.to, read.value, read.data],
    [big(chainId), nonce, big(fact.gas), fact.to, big(fact.value), data],
  )
  assert.equal(type < 2 ? read.gasPrice : read.maxFeePerGas, big(fact.price))
  if (type >= 2) assert.equal(read.maxPriorityFeePerGas, big(fact.tip))
  if (type === 4) assert.equal(read.authorizationList.length, authorizationList.length)
}
