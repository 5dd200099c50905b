/** @jsxImportSource hono/jsx */

/**
 * A dialog that asks before something ends. list.js opens it with the question of the pressed button; it is outside the
 * live regions.
 */
export const ConfirmDialog = () => (
  <dialog id="confirm" aria-labelledby="confirm-question">
    <form method="dialog">
      <p id="confirm-question"></p>
      <div class="actions">
        {/* Enter must not end a stream. */}
        <button type="submit" value="no" autofocus>
          Cancel
        </button>
        <button type="submit" value="yes" class="danger" id="confirm-yes">
          Stop
        </button>
      </div>
    </form>
  </dialog>
)
