/** Makes certificates for tests with openssl. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/**
 * Makes a self-signed certificate. `names` are written as openssl writes them, such as `DNS:localhost,IP:127.0.0.1`. A
 * negative number of `days` makes an expired one.
 */
export const selfSigned = (names = "DNS:localhost,IP:127.0.0.1"): Certificate => {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"))
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  const request = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=test",
  ]
  const made = spawnSync("openssl", [...request, "-addext", `subjectAltName=${names}`, "-keyout", key, "-out", cert], {
    encoding: "utf8",
  })
  if (made.status !== 0) throw new Error(made.stderr)
  const files = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
  rmSync(folder, { recursive: true, force: true })
  return files
}
