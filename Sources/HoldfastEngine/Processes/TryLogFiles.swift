import Holdfast
import SystemPackage

/// The files that the processes of a try append to, open for them to inherit.
struct TryLogFiles {
    let output: FileDescriptor
    let error: FileDescriptor

    /// - Parameter raw: whether the logs are to be masked.
    init(_ log: TryLog, raw: Bool) throws(StartFailure) {
        do throws(StoreError) {
            output = try LogFile.append(to: raw ? log.rawOutput : log.output)
            do throws(StoreError) {
                error = try LogFile.append(to: raw ? log.rawError : log.error)
            } catch {
                try? output.close()
                throw error
            }
        } catch {
            throw StartFailure(reason: "no log can be written: \(error)")
        }
    }

    /// This process has written nothing through them, so closing has nothing to report.
    func close() {
        try? output.close()
        try? error.close()
    }
}
