#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What stands behind a file descriptor: a person's screen, or a file or pipe.
struct Terminal: Sendable {
    let descriptor: Int32
    let isInteractive: Bool
    let hasColor: Bool

    static let output = Terminal(STDOUT_FILENO)
    static let error = Terminal(STDERR_FILENO)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        let kind = environment("TERM")
        isInteractive = isatty(descriptor) == 1 && kind != "dumb"
        hasColor = isInteractive && (environment("NO_COLOR") ?? "").isEmpty
    }

    /// Columns and rows as they are now; nil where lines have no end.
    var size: (columns: Int, rows: Int)? {
        guard isInteractive else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), max(Int(size.ws_row), 1))
    }

    func styled(_ text: String, _ style: Style?) -> String {
        guard hasColor, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}

enum Style: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case cyan = "36"
}

/// A variable of this process; empty counts as set.
func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
