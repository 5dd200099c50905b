import { describe, expect, it } from "vitest"
import { testCrypto } from "../testing/test-crypto.ts"
import { BOTH, readKeyMaterial, StreamKeys } from "./key-material.ts"
import { KeyRenewal, type RenewalOptions } from "./key-renewal.ts"

const PASSPHRASE = "correct horse battery"
const RTT_US = 20_000

const renewalOf = (options: Partial<RenewalOptions> = {}) => {
  const keys = StreamKeys.create(testCrypto(), PASSPHRASE, 16)
  return new KeyRenewal(keys, { refreshPackets: 100, announcePackets: 20, ...options })
}

const use = (renewal: KeyRenewal, packets: number): void => {
  for (let i = 0; i < packets; i++) renewal.used()
}

describe("a key's renewal", () => {
  it("is announced ahead, with both keys, and happens once it is confirmed", () => {
    const renewal = renewalOf()
    const even = renewal.keys.key(0)
    use(renewal, 79)
    expect(renewal.poll(0, RTT_US)).toBeNull()
    use(renewal, 1)
    const message = renewal.poll(0, RTT_US)
    expect(readKeyMaterial(message ?? new Uint8Array(0))?.which).toBe(BOTH)
    expect([renewal.parity, renewal.keys.key(0)]).toEqual([0, even])
    expect(renewal.confirm(message ?? new Uint8Array(0))).toBe(true)
    use(renewal, 19)
    expect([renewal.poll(1000, RTT_US), renewal.parity]).toEqual([null, 0])
    use(renewal, 1)
    expect([renewal.poll(2000, RTT_US), renewal.parity]).toEqual([null, 1])
    use(renewal, 80)
    expect(renewal.poll(3000, RTT_US)).not.toBeNull()
    expect(renewal.keys.key(0)).not.toEqual(even)
  })

  it("is announced again until it is confirmed: every 100 ms, or one and a half round trips when they are longer", () => {
    const times = (rttUs: number): number[] => {
      const renewal = renewalOf()
      use(renewal, 80)
      return Array.from({ length: 101 }, (_, i) => i * 10_000).filter((nowUs) => renewal.poll(nowUs, rttUs) !== null)
    }
    expect(times(RTT_US).slice(0, 4)).toEqual([0, 100_000, 200_000, 300_000])
    expect(times(300_000)).toEqual([0, 450_000, 900_000])
  })

  it("waits for a receiver that does not confirm: it could not read the new key", () => {
    const renewal = renewalOf()
    use(renewal, 500)
    const message = renewal.poll(0, RTT_US) ?? new Uint8Array(0)
    for (const wrong of [
      new Uint8Array(0),
      Uint8Array.of(0, 0, 0, 4),
      message.map((byte, i) => (i === 50 ? ~byte : byte)),
    ])
      expect(renewal.confirm(wrong)).toBe(false)
    renewal.poll(1000, RTT_US)
    expect(renewal.parity).toBe(0)
    expect(renewal.confirm(Buffer.from(message))).toBe(true)
    expect(renewal.confirm(message)).toBe(false)
    renewal.poll(2000, RTT_US)
    expect(renewal.parity).toBe(1)
  })

  it("waits while what was sent with the key before may still be asked for", () => {
    const renewal = renewalOf()
    use(renewal, 100)
    expect(renewal.poll(0, RTT_US, false)).toBeNull()
    expect(renewal.keys.key(1)).toBeNull()
    expect(renewal.poll(1000, RTT_US, true)).not.toBeNull()
  })

  it("is announced at half of its packets when more ahead was asked for", () => {
    const renewal = renewalOf({ announcePackets: 1000 })
    use(renewal, 49)
    expect(renewal.poll(0, RTT_US)).toBeNull()
    use(renewal, 1)
    expect(renewal.poll(0, RTT_US)).not.toBeNull()
  })

  it("begins with the odd key when a caller announced no other", () => {
    const crypto = testCrypto()
    const first = StreamKeys.create(crypto, PASSPHRASE, 16).message()
    const announced = readKeyMaterial(first)
    const odd = announced === null ? null : StreamKeys.unwrap(crypto, PASSPHRASE, { ...announced, which: 2 })
    if (odd === null) throw new Error("the passphrase is the same")
    const renewal = new KeyRenewal(odd, { refreshPackets: 10, announcePackets: 2 })
    expect(renewal.parity).toBe(1)
    use(renewal, 10)
    renewal.confirm(renewal.poll(0, RTT_US) ?? new Uint8Array(0))
    renewal.poll(0, RTT_US)
    expect(renewal.parity).toBe(0)
  })
})
