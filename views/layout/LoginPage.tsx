/** @jsxImportSource hono/jsx */
import type { Frame } from "./frame.ts"
import { Layout } from "./Layout.tsx"

export interface LoginProps {
  readonly frame: Frame
  /** Path to go to after the login. */
  readonly next: string
  /** The name that was typed in. */
  readonly user?: string
  readonly problem?: string
}

interface InputProps {
  readonly name: "user" | "password" | "key"
  readonly label: string
  readonly complete: string
  readonly value?: string | undefined
  readonly isWrong: boolean
}

const Input = ({ complete, isWrong, label, name, value }: InputProps) => (
  <div class="field">
    <label for={name}>{label}</label>
    <input
      id={name}
      name={name}
      type={name === "user" ? "text" : "password"}
      value={value}
      required
      autocomplete={complete}
      aria-invalid={isWrong ? "true" : undefined}
      aria-describedby={isWrong ? "login-error" : undefined}
    />
  </div>
)

/** The login page with two forms: as a user, or with an API key. */
export const LoginPage = ({ frame, next, problem, user = "" }: LoginProps) => {
  const isWrong = problem !== undefined
  return (
    <Layout frame={frame} title="Log in · Stream Distributor">
      <main id="main" class="narrow">
        <h1>Stream Distributor</h1>
        {isWrong ? (
          <p id="login-error" class="error" role="alert">
            {problem}
          </p>
        ) : null}
        <form method="post" action="/login" class="card" aria-label="Log in as a user">
          <input type="hidden" name="next" value={next} />
          <Input name="user" label="User" complete="username" value={user} isWrong={isWrong && user !== ""} />
          <Input name="password" label="Password" complete="current-password" isWrong={isWrong && user !== ""} />
          <button type="submit">Log in</button>
        </form>
        <form method="post" action="/login" class="card" aria-label="Log in with an API key">
          <input type="hidden" name="next" value={next} />
          <Input name="key" label="API key" complete="off" isWrong={isWrong && user === ""} />
          <button type="submit">Log in with the key</button>
        </form>
      </main>
    </Layout>
  )
}
