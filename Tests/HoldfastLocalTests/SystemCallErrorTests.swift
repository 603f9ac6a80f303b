import Foundation
import Holdfast
import Testing

@testable import HoldfastLocal

@Suite struct SystemCallErrorTests {
    @Test(
        "what the system says becomes what it means to a store",
        arguments: [
            (ENOSPC, StoreError.Code.full), (EDQUOT, .full), (EFBIG, .full),
            (EACCES, .unavailable), (EPERM, .unavailable), (EROFS, .unavailable), (EIO, .unavailable),
            (EMFILE, .unavailable), (ENOLCK, .unavailable), (EBUSY, .unavailable),
            (ENOENT, .notFound), (EEXIST, .alreadyExists), (ENOTDIR, .notAStore), (EISDIR, .notAStore),
            (ENAMETOOLONG, .invalid),
        ])
    func codes(number: Int32, code: StoreError.Code) throws {
        let error = SystemCallError("write", "/store/file", code: number).storeError
        #expect(error.code == code)
        #expect(error.subject == "/store/file")
        #expect(error.detail?.hasPrefix("write: \(String(cString: strerror(number)))") == true)
        #expect((error.cause as? SystemCallError)?.code == number)
    }

    @Test("errors that a person can mend say how", arguments: [ENOSPC, EDQUOT, EACCES, EPERM, EROFS, EIO, EMFILE])
    func advice(number: Int32) {
        let detail = SystemCallError("write", "/store/file", code: number).storeError.detail
        #expect(detail?.contains("; ") == true)
    }

    @Test("a device without space answers full")
    func fullDevice() throws {
        let error = #expect(throws: SystemCallError.self) {
            try LocalFile("/dev/full", .readWrite).write([1, 2, 3], at: 0)
        }
        #expect(error?.storeError.code == .full)
    }

    @Test("blocking work gives its value or its error")
    func blockingWork() async throws {
        let work = BlockingWork(label: "test")
        #expect(try await work.run { () throws(StoreError) in 7 } == 7)
        let refusal = StoreError(.full, subject: "test")
        await #expect(throws: refusal) { try await work.run { () throws(StoreError) in throw refusal } }
    }

    @Test("blocking work does not take the pool's threads")
    func poolStaysFree() async throws {
        let width = ProcessInfo.processInfo.activeProcessorCount + 1
        let work = BlockingWork(label: "test", width: width)
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<width {
                group.addTask {
                    try await work.run { () throws(StoreError) in gate.wait(timeout: .now() + 10) == .success }
                }
            }
            for _ in 0..<width {
                group.addTask {
                    gate.signal()
                    return true
                }
            }
            for try await wasSignalled in group { #expect(wasSignalled) }
        }
    }
}
