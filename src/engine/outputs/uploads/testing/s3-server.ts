/**
 * Runs s3rver in this process, a server with the interface of S3 that comes without types. It knows keys, but does not
 * check signatures of version 4.
 */
import { createRequire } from "node:module"

interface Server {
  run(): Promise<{ readonly port: number }>
  close(): Promise<void>
}

interface Options {
  readonly address: string
  readonly port: number
  readonly silent: boolean
  readonly directory: string
  readonly configureBuckets: ReadonlyArray<{ readonly name: string }>
}

const S3rver = createRequire(import.meta.url)("s3rver") as new (options: Options) => Server

/** The only key that it takes, as access key and as secret. */
export const S3_KEY = "S3RVER"

export const startS3 = async (
  directory: string,
  bucket: string,
): Promise<{ readonly endpoint: string; readonly close: () => Promise<void> }> => {
  const server = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory,
    configureBuckets: [{ name: bucket }],
  })
  const { port } = await server.run()
  return { endpoint: `http://127.0.0.1:${port}`, close: () => server.close() }
}
