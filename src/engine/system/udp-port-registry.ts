/**
 * Who in this process uses which UDP port, so that the ports of FEC, which are only ever taken on trial, yield to real
 * users.
 *
 * A claim is for an address that somebody was told to use: a leg, an SRT listener, an output with a local port. A loan
 * is for one that is merely likely to be of use; it ends the moment the address is claimed, and is not given while it
 * is.
 */
import { type Bind, bindsOverlap, isMulticast } from "../../core/net/address.ts"

interface Claim extends Bind {
  readonly user: string
}

interface Loan extends Bind {
  /** Closes the borrower's socket. */
  readonly yield: () => void
}

/** Gives a lent port back; safe to call again. */
export type EndLoan = () => void

export class UdpPortRegistry {
  readonly #claims: Claim[] = []
  readonly #loans = new Set<Loan>()

  /**
   * To be called before the port is bound; sockets on overlapping loans are closed when it returns. Claims may overlap
   * and are counted. `ip` empty means every address; `user` is how sentences name the claimant, e.g. `another input`.
   */
  claim(ip: string, port: number, user = "another part of this service"): void {
    const claim = { ip, port, user }
    this.#claims.push(claim)
    for (const loan of [...this.#loans]) {
      if (!bindsOverlap(loan, claim)) continue
      this.#loans.delete(loan)
      loan.yield()
    }
  }

  /** `claim`; returns what releases it, once. */
  hold(ip: string, port: number, user?: string): () => void {
    this.claim(ip, port, user)
    let held = true
    return () => {
      if (held) this.release(ip, port)
      held = false
    }
  }

  /** Undoes one `claim` of the same address and port; nothing when there is none. */
  release(ip: string, port: number): void {
    const index = this.#claims.findIndex((claim) => claim.ip === ip && claim.port === port)
    if (index >= 0) this.#claims.splice(index, 1)
  }

  /**
   * Lends a port for as long as nobody claims it; `onClaim` is called, once at most, when somebody does and must close
   * the socket. Returns the function that ends the loan, or who uses the port now.
   */
  lend(ip: string, port: number, onClaim: () => void): EndLoan | string {
    const loan: Loan = { ip, port, yield: onClaim }
    const claim = this.#claims.find((other) => bindsOverlap(other, loan))
    if (claim !== undefined) return claim.user
    // One group may have several receivers; each gets every packet.
    const rival = [...this.#loans].find(
      (other) => bindsOverlap(other, loan) && !(isMulticast(other.ip) && isMulticast(ip)),
    )
    if (rival !== undefined) return "the FEC of another input"
    this.#loans.add(loan)
    return () => void this.#loans.delete(loan)
  }
}
