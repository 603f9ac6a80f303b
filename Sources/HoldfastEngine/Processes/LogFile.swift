import Glibc
import Holdfast
import SystemPackage

/// How the files of a try are opened and read. Errors name the path and what the system said.
enum LogFile {
    /// Opens for appending; makes the file (0600) and its folders (0700) where they are missing.
    static func append(to path: String) throws(StoreError) -> FileDescriptor {
        try attempt("open", path) { () throws(Errno) in
            let options: FileDescriptor.OpenOptions = [.append, .create, .closeOnExec, .noFollow]
            do throws(Errno) {
                return try open(path, .writeOnly, options)
            } catch .noSuchFileOrDirectory {
                try makeFolders(FilePath(path).removingLastComponent())
                return try open(path, .writeOnly, options)
            }
        }
    }

    /// Opens for reading; nil when there is no such file.
    static func read(_ path: String) throws(StoreError) -> FileDescriptor? {
        try attempt("open", path) { () throws(Errno) in
            do throws(Errno) {
                // Non-blocking, lest a named pipe that a task put there would wait for a writer.
                return try open(path, .readOnly, [.closeOnExec, .nonBlocking])
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    /// Up to so many bytes from a position; none at the end of the file.
    static func bytes(
        of file: FileDescriptor, from offset: Int64, limit: Int, path: String
    ) throws(StoreError) -> [UInt8] {
        try attempt("read", path) { () throws(Errno) in
            let result = Result { () throws -> [UInt8] in
                try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                    count = try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
                }
            }
            return try result.mapError { $0 as? Errno ?? .ioError }.get()
        }
    }

    static func write(_ bytes: [UInt8], to file: FileDescriptor, path: String) throws(StoreError) {
        try attempt("write", path) { () throws(Errno) in
            do { try file.writeAll(bytes) } catch { throw error as? Errno ?? .ioError }
        }
    }

    static func close(_ file: FileDescriptor, path: String) throws(StoreError) {
        try attempt("close", path) { () throws(Errno) in
            do { try file.close() } catch { throw error as? Errno ?? .ioError }
        }
    }

    static func size(of file: FileDescriptor, path: String) throws(StoreError) -> Int64 {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw failure("look at", path, Errno(rawValue: errno)) }
        return Int64(status.st_size)
    }

    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path, Errno(rawValue: errno)) }
    }

    static func failure(_ verb: String, _ path: String, _ error: Errno) -> StoreError {
        let code: StoreError.Code = [.noSpace, .diskQuotaExceeded].contains(error) ? .full : .unavailable
        return StoreError(code, subject: path, detail: "can't \(verb) it: \(error)", cause: error)
    }

    private static func attempt<Value>(
        _ verb: String, _ path: String, _ body: () throws(Errno) -> Value
    ) throws(StoreError) -> Value {
        do throws(Errno) { return try body() } catch { throw failure(verb, path, error) }
    }

    private static func open(
        _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions
    ) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, mode, options: options, permissions: .ownerReadWrite)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    private static func makeFolders(_ path: FilePath) throws(Errno) {
        guard !path.isEmpty, mkdir(path.string, 0o700) != 0 else { return }
        switch Errno(rawValue: errno) {
        case .fileExists: return
        case .noSuchFileOrDirectory:
            try makeFolders(path.removingLastComponent())
            // Another try may have made it in the meantime.
            guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        case let error: throw error
        }
    }
}
