#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast

/// A system call that failed, and what that means to a store: the one place where `errno` becomes a `StoreError`.
package struct SystemCallError: Error, Hashable {
    /// The call, for instance `fsync`.
    package let call: String
    package let path: String
    /// `errno`
    package let code: Int32

    package init(_ call: String, _ path: String, code: Int32 = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    package var storeError: StoreError {
        let (code, advice) = meaning
        let reason = "\(call): \(String(cString: strerror(self.code)))"
        return StoreError(code, subject: path, detail: advice.map { "\(reason); \($0)" } ?? reason, cause: self)
    }

    private var meaning: (StoreError.Code, advice: String?) {
        switch code {
        case ENOSPC: (.full, "free some space on this file system, then try again")
        case EDQUOT: (.full, "the disk quota is used up; free some space or have it raised")
        case EFBIG: (.full, "a limit on file size is reached; see `ulimit -f`")
        case EACCES, EPERM: (.unavailable, "check owner and permissions (this process runs as user \(geteuid()))")
        case EROFS: (.unavailable, "the file system is mounted read-only; remount it or keep the store elsewhere")
        case EIO: (.unavailable, "the disk reports an error; see the kernel's log before writing on")
        case EMFILE, ENFILE: (.unavailable, "too many files are open; see `ulimit -n`")
        case ENOLCK, EOPNOTSUPP: (.unavailable, "this file system has no file locks; keep the store on a local one")
        case ENOENT: (.notFound, nil)
        case EEXIST: (.alreadyExists, nil)
        case ENOTDIR: (.notAStore, "part of this path is a file where a folder is expected")
        case EISDIR: (.notAStore, "this is a folder where a file is expected")
        case ELOOP: (.notAStore, "this is a symbolic link where a file or a folder is expected")
        case ENAMETOOLONG: (.invalid, "choose a shorter path")
        default: (.unavailable, nil)
        }
    }
}

/// Runs system calls and gives their failure as a `StoreError`.
package func mappingSystemErrors<Value>(_ body: () throws(SystemCallError) -> Value) throws(StoreError) -> Value {
    do { return try body() } catch { throw error.storeError }
}

/// The result of a call that answers -1 on failure; repeated while a signal interrupts it.
func checked<Number: SignedInteger>(
    _ call: String, _ path: String, _ body: () -> Number
) throws(SystemCallError) -> Number {
    while true {
        let result = body()
        if result != -1 { return result }
        guard errno == EINTR else { throw SystemCallError(call, path) }
    }
}
