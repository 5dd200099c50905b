/** @jsxImportSource hono/jsx */
import { Layout } from "./Layout.tsx"

export interface LoginProps {
  /** Where to go after it. */
  readonly next: string
  readonly problem?: string
}

export const LoginPage = ({ next, problem }: LoginProps) => (
  <Layout title="Log in · Stream Distributor">
    <main id="main" class="narrow">
      <h1>Stream Distributor</h1>
      <form method="post" action="/login" class="card">
        <input type="hidden" name="next" value={next} />
        <div class="field">
          <label for="key">API key</label>
          <input
            id="key"
            name="key"
            type="password"
            required
            autofocus
            autocomplete="current-password"
            aria-invalid={problem === undefined ? undefined : "true"}
            aria-describedby={problem === undefined ? undefined : "key-error"}
          />
          {problem === undefined ? null : (
            <p id="key-error" class="error" role="alert">
              {problem}
            </p>
          )}
        </div>
        <button type="submit">Log in</button>
      </form>
    </main>
  </Layout>
)
