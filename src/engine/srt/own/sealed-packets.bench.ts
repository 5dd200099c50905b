/** What a packet of 1316 bytes costs to encrypt, by burst: `bun src/engine/srt/own/sealed-packets.bench.ts`. */
import { randomBytes } from "node:crypto"
import { libcrypto } from "../../ffi/libcrypto.ts"
import { SrtArena } from "./arena.ts"
import { SealedPackets } from "./sealed-packets.ts"
import { streamCipher } from "./stream-cipher.ts"

const LENGTH = 1316
const ROUNDS = 15
const PACKETS = 4096

const arena = new SrtArena(16 << 20)
const sealed = new SealedPackets(arena)
const header = arena.take(16).at
const payloads = arena.take(64 * 1472).at
arena.bytes.set(randomBytes(64 * 1472), payloads)

for (const [name, library] of [
  ["libcrypto", libcrypto()],
  ["node:crypto", null],
] as const)
  for (const keyBytes of [16, 32])
    for (const burst of [1, 2, 8, 32]) {
      const cipher = streamCipher(arena, randomBytes(keyBytes), randomBytes(16), library)
      const round = () => {
        const begun = performance.now()
        for (let done = 0; done < PACKETS; done += burst) {
          for (let i = 0; i < burst; i++) sealed.add(cipher, header, payloads + i * 1472, LENGTH)
          sealed.clear()
        }
        return ((performance.now() - begun) * 1e6) / PACKETS
      }
      round()
      const best = Math.min(...Array.from({ length: ROUNDS }, round))
      process.stdout.write(`${name} AES-${keyBytes * 8}, bursts of ${burst}: ${best.toFixed(0)} ns a packet\n`)
      cipher.close()
    }
