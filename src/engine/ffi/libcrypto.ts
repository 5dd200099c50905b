/**
 * AES, block by block, by OpenSSL's libcrypto. Debian and Alpine install it with everything that speaks TLS; without it
 * packets are encrypted by node:crypto, which takes about four times as long.
 */
import koffi from "koffi"

const P = "uintptr_t"

const bind = (lib: ReturnType<typeof koffi.load>) => ({
  /** EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void) */
  newContext: lib.func("EVP_CIPHER_CTX_new", P, []),
  /** void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *context) */
  freeContext: lib.func("EVP_CIPHER_CTX_free", "void", [P]),
  /** const EVP_CIPHER *EVP_aes_128_ecb(void), and those of the longer keys; by key bytes */
  ecb: {
    16: lib.func("EVP_aes_128_ecb", P, []),
    24: lib.func("EVP_aes_192_ecb", P, []),
    32: lib.func("EVP_aes_256_ecb", P, []),
  },
  /** int EVP_EncryptInit_ex(context, cipher, engine, const unsigned char *key, const unsigned char *iv) */
  setKey: lib.func("EVP_EncryptInit_ex", "int", [P, P, P, "void *", P]),
  /** int EVP_CIPHER_CTX_set_padding(context, int pad) */
  setPadding: lib.func("EVP_CIPHER_CTX_set_padding", "int", [P, "int"]),
  /** int EVP_EncryptUpdate(context, unsigned char *out, int *out_length, const unsigned char *in, int length) */
  update: lib.func("EVP_EncryptUpdate", "int", [P, P, P, P, "int"]),
})

export type LibCrypto = ReturnType<typeof bind>

let loaded: LibCrypto | null | undefined

/** The library, loaded once; null when there is none. */
export const libcrypto = (): LibCrypto | null => {
  if (loaded !== undefined) return loaded
  for (const name of ["libcrypto.so.3", "libcrypto.so.1.1"])
    try {
      loaded = bind(koffi.load(name))
      return loaded
    } catch {
      // The next one, or none.
    }
  loaded = null
  return null
}
