import Glibc
import Holdfast
import SystemPackage

/// Finds the program of a command as `execvp` would, but says what is wrong when there is none.
struct CommandLookup {
    /// Of the final environment; nil: the system's default.
    let path: String?
    let workingDirectory: String?

    /// The path to execute, which may be relative to the working directory.
    func path(of name: String) throws(StartFailure) -> String {
        guard !name.utf8.contains(0) else { throw StartFailure(reason: "the command holds a NUL character") }
        if name.contains("/") {
            if let problem = problem(with: name) { throw StartFailure(reason: "\(quoted(name)) \(problem)") }
            return name
        }
        var unusable: String?
        for folder in (path ?? "/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = (folder.isEmpty ? "." : folder) + "/" + name
            guard let problem = problem(with: candidate) else { return candidate }
            if FileKind(of: located(candidate)) != nil { unusable = unusable ?? "\(quoted(candidate)) \(problem)" }
        }
        throw StartFailure(reason: unusable ?? "the command \(quoted(name)) is not in any folder of PATH")
    }

    private func problem(with candidate: String) -> String? {
        let path = located(candidate)
        return switch FileKind(of: path) {
        case .file: access(path, X_OK) == 0 ? nil : "may not be executed: give it execute permission (chmod +x)"
        case .folder: "is a folder, not a program"
        case nil: "does not exist"
        default: "is not a program"
        }
    }

    private func located(_ candidate: String) -> String { Self.located(candidate, in: workingDirectory) }

    private static func located(_ candidate: String, in workingDirectory: String?) -> String {
        guard let workingDirectory, !candidate.hasPrefix("/") else { return candidate }
        return workingDirectory + "/" + candidate
    }

    /// Why the system says "no such file" or "no permission" for a program that is there.
    static func whyNotExecuted(_ program: String, in workingDirectory: String?) -> String {
        guard let interpreter = interpreter(of: located(program, in: workingDirectory)) else {
            return "\(quoted(program)) can't be executed: it, or the loader that it names, is missing or not permitted"
        }
        return
            "\(quoted(program)) can't be executed: its interpreter \(quoted(interpreter)) is missing or not permitted"
    }

    private static func interpreter(of program: String) -> String? {
        guard let file = try? FileDescriptor.open(program, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? file.close() }
        let start = try? [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        guard let line = start?.split(separator: UInt8(ascii: "\n")).first, line.starts(with: "#!".utf8) else {
            return nil
        }
        let words = String(decoding: line.dropFirst(2), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return words.first.map(String.init)
    }
}
