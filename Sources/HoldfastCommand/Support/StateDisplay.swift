import Holdfast

extension RunState {
    var style: Style {
        switch self {
        case .success: .green
        case .failed: .red
        case .running: .cyan
        case .interrupted, .cancelled: .yellow
        case .queued, .waiting: .blue
        }
    }

    var symbol: String {
        switch self {
        case .success: "✓"
        case .failed: "✗"
        case .running: "●"
        case .interrupted: "‖"
        case .cancelled: "⊘"
        case .queued, .waiting: "○"
        }
    }
}

extension TaskState {
    var style: Style {
        switch self {
        case .success: .green
        case .failed: .red
        case .running: .cyan
        case .upForRetry, .cancelled: .yellow
        case .upstreamFailed: .red
        case .waiting, .queued: .blue
        case .pending, .skipped: .dim
        }
    }

    var symbol: String {
        switch self {
        case .success: "✓"
        case .failed: "✗"
        case .running: "●"
        case .upForRetry: "↻"
        case .skipped: "–"
        case .upstreamFailed: "!"
        case .cancelled: "⊘"
        case .pending, .queued, .waiting: "○"
        }
    }
}

extension Duration {
    /// For people: `12ms`, `1.2s`, `3m 05s`, `2h 07m`.
    var displayText: String {
        let milliseconds = max(0, wholeMilliseconds)
        let seconds = milliseconds / 1000
        switch milliseconds {
        case ..<1000: return "\(milliseconds)ms"
        case ..<60_000: return "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<3_600_000: return "\(seconds / 60)m \(twoDigits(seconds % 60))s"
        default: return "\(seconds / 3600)h \(twoDigits(seconds / 60 % 60))m"
        }
    }

    private func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Bytes for people: `812 B`, `1.5 KiB`.
func displaySize(_ bytes: Int64) -> String {
    var value = Double(bytes)
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024 { return unit == "B" ? "\(bytes) B" : "\(oneDecimal(value)) \(unit)" }
        value /= 1024
    }
    return "\(oneDecimal(value)) TiB"
}

private func oneDecimal(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
