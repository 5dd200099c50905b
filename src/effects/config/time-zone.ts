/** The station's time zone, by whose clock people read times and whose days are those of reports. */
import { Config, ConfigError, Either, Option } from "effect"
import { isZone, type Zone } from "../../core/schedule/local-time.ts"
import { setting } from "./environment-settings.ts"

/** The zone of the machine; UTC where it has none of the IANA database. */
export const machineZone = (): Zone => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return timeZone && isZone(timeZone) ? timeZone : "UTC"
}

/** Reads `TIME_ZONE`. Offsets such as `+01:00`, which `Intl` takes too, are no zones: they know no summer time. */
export const timeZone = setting("TIME_ZONE").pipe(
  Config.mapOrFail((text) => {
    if (Option.isNone(text)) return Either.right(machineZone())
    const { value } = text
    return /^[a-z]/i.test(value) && isZone(value)
      ? Either.right(value)
      : Either.left(
          ConfigError.InvalidData(
            ["TIME_ZONE"],
            `must be the name of a zone in the IANA database, such as Europe/Berlin, America/New_York or UTC, not "${value}"; leave it out for the zone of the machine`,
          ),
        )
  }),
)
