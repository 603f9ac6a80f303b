import Holdfast
import Testing

/// Holds what the tasks of a `LinePipeline` run left against its history.
struct RunAudit {
    let run: String
    let lines: [Line]
    let events: [JSONValue]

    struct Line {
        var task: String
        var attempt: Int
        var key: String
    }

    init(_ run: String, at site: Site) throws {
        self.run = run
        events = try site.events(of: run)
        lines = try site.lines("lines.\(run)").map { text in
            let words = text.split(separator: " ").map(String.init)
            guard words.count == 3, let attempt = Int(words[1]) else {
                throw Program.Failure(description: "a torn line: \(text)")
            }
            return Line(task: words[0], attempt: attempt, key: words[2])
        }
    }

    /// Every try of a task that left a line was started in the history, and left one line only; behind the checkpoint of
    /// a success nothing was started; a task was started again only after a worker had died with it in flight.
    func check() {
        for task in LinePipeline.tasks {
            let own = lines.filter { $0.task == task }
            let attempts = own.map(\.attempt)
            #expect(Set(attempts).count == attempts.count, "\(run): a try of \(task) left two lines: \(attempts)")
            #expect(Set(own.map(\.key)).count == 1, "\(run): \(task) has several idempotency keys")
            let history = story(of: task)
            #expect(history.successes == 1, "\(run): \(task) has \(history.successes) checkpoints")
            #expect(
                Set(attempts).isSubset(of: history.started), "\(run): \(task) ran without being started: \(attempts)")
            #expect(attempts.contains(history.lastStarted), "\(run): the try of \(task) that succeeded left no line")
            #expect(history.startedWithoutCause.isEmpty, "\(run): \(task) ran again: \(history.startedWithoutCause)")
        }
    }

    private struct Story {
        var started: Set<Int> = []
        var lastStarted = 0
        var successes = 0
        /// Tries that began although the one before was not cut off by the death of its worker.
        var startedWithoutCause: [Int] = []
    }

    private func story(of task: String) -> Story {
        var story = Story()
        var mayStart = true
        for event in events {
            let type = event["type"]?.stringValue
            if type == "claimed" || type == "taken_over", story.successes == 0 { mayStart = true }
            guard event["task"]?.stringValue == task else { continue }
            if type == "task_started", let attempt = event["try"]?.intValue.map(Int.init) {
                story.started.insert(attempt)
                story.lastStarted = attempt
                if !mayStart { story.startedWithoutCause.append(attempt) }
                mayStart = false
            } else if type == "task_finished", event["state"]?.stringValue == "success" {
                story.successes += 1
            }
        }
        return story
    }

    /// How many lines there are beyond one for each task.
    var ranAgain: Int { lines.count - Set(lines.map(\.task)).count }
}
