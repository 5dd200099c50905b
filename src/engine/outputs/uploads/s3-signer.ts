/** AWS Signature Version 4, by aws4fetch. Imported here only. */
import { AwsV4Signer } from "aws4fetch"
import type { SignRequest } from "./http-sink.ts"
import type { S3Keys } from "./s3-keys.ts"

/**
 * Signs requests to S3. Bodies are not hashed (`UNSIGNED-PAYLOAD`, which S3 takes over TLS, as other servers do
 * without): a segment's hash would hold the packet loop up for milliseconds.
 */
export const s3Signer =
  ({ accessKeyId, region, secretAccessKey, sessionToken }: S3Keys): SignRequest =>
  async ({ headers, method, url }) => {
    const signer = new AwsV4Signer({
      method,
      url,
      headers: { ...headers },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === null ? {} : { sessionToken }),
      service: "s3",
      region,
    })
    const signed = await signer.sign()
    return Object.fromEntries(signed.headers)
  }
