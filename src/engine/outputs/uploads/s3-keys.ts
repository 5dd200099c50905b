/** The keys that requests to S3 are signed with. */
import type { OutputSettings } from "../../../core/output/output-settings.ts"
import { OUTPUT_SETTINGS } from "../../../core/output/setting-table.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"

export interface S3Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Session token of temporary keys; null for keys that last. */
  readonly sessionToken: string | null
  readonly region: string
}

const DEFAULT_REGION = OUTPUT_SETTINGS.s3_region.default

/**
 * Keys of the settings, or else those of the environment as all tools of AWS read them. Throws SetupFailure without
 * any.
 */
export const s3Keys = (settings: OutputSettings, environment: Readonly<Record<string, string | undefined>>): S3Keys => {
  const region = settings.s3_region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? DEFAULT_REGION
  const { s3_access_key_id: ownId, s3_secret_access_key: ownSecret } = settings
  const [accessKeyId, secretAccessKey, sessionToken] =
    ownId !== undefined || ownSecret !== undefined
      ? [ownId, ownSecret, undefined]
      : [environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"]]
  if (!accessKeyId || !secretAccessKey) {
    const message =
      "S3 needs keys: set s3_access_key_id and s3_secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY " +
      "in the service's environment"
    throw new SetupFailure({ code: "s3_keys", message, transient: false })
  }
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? null, region }
}
