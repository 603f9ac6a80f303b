import Holdfast
import Synchronization

/// The tasks of a run, redrawn in place.
final class LiveTree: ProgressDisplay {
    private struct State {
        var model = ProgressModel()
        /// Lines on the screen that the next frame replaces.
        var drawn = 0
        var tick = 0
    }

    private let output: Output
    private let terminal: Terminal
    private let clock = SystemWallClock()
    private let state = Mutex(State())
    private let ticker = Mutex<Task<Void, Never>?>(nil)

    init(_ output: Output, _ terminal: Terminal) {
        self.output = output
        self.terminal = terminal
    }

    func update(_ fold: RunFold, _ events: [Event]) {
        state.withLock { $0.model.apply(fold, events) }
        ticker.withLock { ticker in
            guard ticker == nil else { return }
            ticker = Task { [weak self] in
                while let self, !Task.isCancelled {
                    self.draw()
                    do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
                }
            }
        }
    }

    func finish() async {
        let ticker = ticker.withLock { $0 }
        ticker?.cancel()
        await ticker?.value
        guard ticker != nil else { return }
        draw()
    }

    /// Writes one frame over the last one, in one piece.
    private func draw() {
        guard let size = terminal.size else { return }
        let frame = state.withLock { state in
            let picture = TreePicture(state.model, now: clock.now(), tick: state.tick, terminal: terminal)
            let lines = picture.lines(columns: size.columns, rows: size.rows)
            let up = state.drawn > 0 ? "\u{1B}[\(state.drawn)A" : ""
            state.drawn = lines.count
            state.tick += 1
            return "\(up)\r\u{1B}[J" + lines.map { $0 + "\n" }.joined()
        }
        do throws(CommandFailure) {
            try output.write(frame)
        } catch {
            // The terminal went away; the run goes on without it.
        }
    }
}
