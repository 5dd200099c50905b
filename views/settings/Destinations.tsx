/** @jsxImportSource hono/jsx */
import { type Frame, may } from "../layout/frame.ts"
import { LookOnly } from "./SettingsPage.tsx"

/** A destination as the list shows it. */
export interface DestinationRow {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly to: string
  readonly enabled: boolean
  /** State of its deliveries in words. */
  readonly does: string
  readonly isFailing: boolean
}

export interface DestinationsProps {
  readonly frame: Frame
  readonly destinations: ReadonlyArray<DestinationRow>
  /** The rules in words. */
  readonly rules: ReadonlyArray<string>
}

/** Who is told of what, and how that goes. */
export const Destinations = ({ destinations, frame, rules }: DestinationsProps) => (
  <section class="card" aria-labelledby="destinations-title">
    <div class="head">
      <h2 id="destinations-title">Who is told</h2>
      {may(frame, "admin") ? (
        <nav aria-label="Destinations and rules">
          <a href="/settings/notifications/destinations/add">Add destination</a>
          <a href="/settings/notifications/rules">Change rules</a>
        </nav>
      ) : null}
    </div>
    {destinations.length === 0 ? (
      <p>Nobody: there is no destination.</p>
    ) : (
      <div class="table-scroll">
        <table class="stack">
          <caption>Destinations</caption>
          <thead>
            <tr>
              <th scope="col">Destination</th>
              <th scope="col">Kind</th>
              <th scope="col">To</th>
              <th scope="col">Delivery</th>
              {may(frame, "admin") ? <th scope="col">Actions</th> : null}
            </tr>
          </thead>
          <tbody>
            {destinations.map(({ does, enabled, id, isFailing, kind, name, to }) => (
              <tr id={`destination-${id}`}>
                <th scope="row">{name}</th>
                <td data-label="Kind">{kind}</td>
                <td class="wide" data-label="To">
                  {to}
                </td>
                <td data-label="Delivery" class={isFailing ? "warning" : undefined}>
                  {enabled ? does : "switched off"}
                </td>
                {may(frame, "admin") ? (
                  <td class="actions">
                    <form method="post" action={`/settings/notifications/destinations/${id}/test`}>
                      <button type="submit" aria-label={`Test ${name}`}>
                        Test
                      </button>
                    </form>{" "}
                    <a
                      class="button"
                      href={`/settings/notifications/destinations/${id}/edit`}
                      aria-label={`Change ${name}`}
                    >
                      Change
                    </a>{" "}
                    <a
                      class="button danger"
                      href={`/settings/notifications/destinations/${id}/remove`}
                      aria-label={`Remove ${name}`}
                    >
                      Remove
                    </a>
                  </td>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
    <h3>Rules</h3>
    <ul>
      {rules.map((rule) => (
        <li>{rule}</li>
      ))}
    </ul>
    <LookOnly frame={frame} needs="admin" />
  </section>
)
