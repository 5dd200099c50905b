/** @jsxImportSource hono/jsx */
import { CopyText } from "../layout/CopyText.tsx"

/** One leg of a channel, for the pipeline that feeds it. */
export interface MediaLiveLeg {
  readonly pipeline: string
  /** `rtp://address:port`, one for each address of this machine; the first one is the likely one. */
  readonly destinations: ReadonlyArray<string>
}

export interface MediaLiveProps {
  readonly legs: ReadonlyArray<MediaLiveLeg>
  /** Settings and values as MediaLive's console names them. */
  readonly settings: ReadonlyArray<readonly [setting: string, value: string, why: string]>
  /** UDP ports that a firewall must let in. */
  readonly ports: ReadonlyArray<number>
  readonly notes: ReadonlyArray<string>
}

/** What to enter in AWS Elemental MediaLive so that it feeds this channel. */
export const MediaLive = ({ legs, notes, ports, settings }: MediaLiveProps) => (
  <section class="card" aria-labelledby="medialive-title">
    <h2 id="medialive-title">What to enter in MediaLive</h2>
    {legs.length === 0 ? (
      <p class="hint">The destinations stand here once there is a port.</p>
    ) : (
      legs.map(({ destinations, pipeline }) => (
        <div class="leg">
          <h3>{pipeline}</h3>
          {destinations.map((destination) => (
            <CopyText name={`destination ${destination}`} text={destination} />
          ))}
        </div>
      ))
    )}
    <table>
      <caption>UDP output group, RTP</caption>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(([setting, value, why]) => (
          <tr>
            <th scope="row">{setting}</th>
            <td>{value}</td>
            <td class="hint">{why}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {ports.length === 0 ? null : <p>Firewalls and security groups must let in UDP {ports.join(", ")}.</p>}
    {notes.map((note) => (
      <p class="hint">{note}</p>
    ))}
  </section>
)
