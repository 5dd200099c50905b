import { join } from "node:path"
import type { AppConfigService } from "./AppConfig.ts"
import type { OutputHost } from "./output-place.ts"

/** What outputs may use of this machine, by the settings of the service. */
export const outputHostOf = ({
  allowPrivateTargets,
  dataDir,
  hlsDir,
  recordingsDir,
  retry,
}: AppConfigService): OutputHost => ({
  hlsDir,
  recordingsDir,
  runDir: join(dataDir, "run"),
  ffmpeg: "ffmpeg",
  retry,
  allowPrivateTargets,
})
