#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

enum StandardStreams {
    /// Keeps files that are opened later from becoming standard input, output or error, where whoever started the command
    /// had closed these: to use them stays an error.
    static func reserve() {
        for (descriptor, uselessMode) in [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
        ] where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free descriptor is this one.
            guard open("/dev/null", uselessMode) == descriptor else { return }
        }
    }
}
