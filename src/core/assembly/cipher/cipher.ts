/**
 * AES in counter mode around one AES-ECB call for a whole burst of SRT packets: the counter blocks before it, the XOR
 * with the payloads after it (clause 6.2.2 of draft-sharabayko-srt-01). A module of its own, build/cipher.wasm, which
 * lives in the memory of the SRT stack.
 *
 * A job is 32 bytes: the packet's header (16), then as u32 the offsets of its payload and of its place, and the
 * payload's length. The place has 16 bytes for the header, then the payload rounded up to whole blocks. The places of
 * a burst follow one another, so that one call encrypts all of them; what that makes of the header's room is written
 * over.
 */

// Job: header 0, payload 16, place 20, length 24.
const JOB_BYTES: usize = 32;
const BLOCK: usize = 16;

/**
 * Writes the counter blocks of `count` jobs to their places. `salt` is the offset of the key's salt, 14 bytes and two
 * zeros, which is the IV but for the sequence number in bytes 10 to 13.
 */
export function counters(jobs: usize, count: i32, salt: usize): void {
  for (let i: i32 = 0; i < count; i++) {
    const job = jobs + <usize>i * JOB_BYTES;
    const at = <usize>load<u32>(job, 20) + BLOCK;
    const blocks = (load<u32>(job, 24) + 15) >> 4;
    v128.store(at, v128.load(salt));
    // The sequence number is the first word of the header, in network order as here.
    store<u32>(at, load<u32>(at, 10) ^ load<u32>(job), 10);
    const first = v128.load(at);
    // At most 91 blocks: the counter's high byte stays 0.
    for (let block: u32 = 1; block < blocks; block++)
      v128.store(at + (<usize>block << 4), i8x16.replace_lane(first, 15, <i8>block));
  }
}

/** Puts header and payload of `count` jobs to their places, where their key stream stands. */
export function finish(jobs: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++) {
    const job = jobs + <usize>i * JOB_BYTES;
    const from = <usize>load<u32>(job, 16);
    const place = <usize>load<u32>(job, 20);
    const length = <usize>load<u32>(job, 24);
    v128.store(place, v128.load(job));
    const to = place + BLOCK;
    let at: usize = 0;
    for (; at + BLOCK <= length; at += BLOCK) v128.store(to + at, v128.xor(v128.load(from + at), v128.load(to + at)));
    for (; at < length; at++) store<u8>(to + at, load<u8>(from + at) ^ load<u8>(to + at));
  }
}
