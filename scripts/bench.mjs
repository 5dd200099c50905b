// `npm run bench [-- --quick]` sets the machine up, then measures the product beside its peers.
// See load-tests/README.md.
import { runLoadTest } from "./run-load-test.mjs"

await runLoadTest("bench/main.ts")
