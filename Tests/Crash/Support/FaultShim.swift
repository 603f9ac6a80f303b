import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `fault.c`, built for a site: lets the command's system calls on the store's files fail.
struct FaultShim {
    private let site: Site
    private let library: String

    init(_ site: Site) throws {
        self.site = site
        library = site.path + "/fault.so"
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "fault.c").path()
        let status = system("${CC:-cc} -shared -fPIC -O1 -o '\(library)' '\(source)' -ldl")
        guard status == 0 else { throw Program.Failure(description: "the shim can't be built; is there a C compiler?") }
    }

    /// The file whose content is the fault.
    var trigger: String { site.path + "/fault" }

    var environment: [String: String] {
        ["LD_PRELOAD": library, "FAULT_FOLDER": site.storeFolder, "FAULT_WHEN": trigger]
    }

    func turnOff() throws { try FileManager.default.removeItem(atPath: trigger) }
}

/// A small file system of its own as the store's folder, where this user may make one.
struct SmallDisk: ~Copyable {
    private let folder: String

    /// Whether this user may mount one.
    static let canBeMade: Bool = {
        guard let site = try? Site() else { return false }
        switch SmallDisk(megabytes: 1, at: site) {
        case .some: return true
        case .none: return false
        }
    }()

    /// Nil where mounting is not allowed.
    init?(megabytes: Int, at site: Site) {
        folder = site.storeFolder
        guard system("mount -t tmpfs -o size=\(megabytes)m,mode=700 tmpfs '\(folder)' 2> /dev/null") == 0 else {
            return nil
        }
    }

    func remount(_ options: String) throws {
        guard system("mount -o remount,\(options) '\(folder)'") == 0 else {
            throw Program.Failure(description: "remount \(options) failed")
        }
    }

    deinit { _ = system("umount '\(folder)'") }
}
