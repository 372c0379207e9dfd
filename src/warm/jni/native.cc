// What Java cannot do to its own process; the Java half is
// runtime/warm/org/howdah/warm/Native.java.

#include <jni.h>
#include <jvmti.h>
#include <unistd.h>

#include <cstdlib>

#include "warm/wire.h"

namespace {

namespace warm = howdah::warm;

// `bytes` were checked by howdah-submit's own encoding; a short one changes nothing.
bool become(const warm::Message& message) {
  warm::Reader in(message.payload);
  for (uint32_t left = in.number(); left > 0 && in.ok(); --left) in.text();
  ::clearenv();
  for (uint32_t left = in.number(); left > 0 && in.ok(); --left) {
    const std::string variable = in.text();
    const size_t equals = variable.find('=', 1);
    if (equals != std::string::npos)
      ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  const std::string folder = in.text();
  ::umask(static_cast<mode_t>(in.number()));
  if (!in.ok() || ::chdir(folder.c_str()) != 0) return false;
  for (int i = 0; i < warm::kStreams; ++i) {
    if (::dup2(message.streams[i].get(), i) < 0) return false;
  }
  return true;
}

}  // namespace

extern "C" {

JNIEXPORT jbyteArray JNICALL Java_org_howdah_warm_Native_receive(JNIEnv* env, jclass, jint socket) {
  warm::Message message;
  const bool received =
      warm::receive(socket, message) && become(message) && warm::send_all(socket, "J");
  ::close(socket);
  if (!received) return nullptr;
  const auto size = static_cast<jsize>(message.payload.size());
  jbyteArray out = env->NewByteArray(size);
  if (out)
    env->SetByteArrayRegion(out, 0, size, reinterpret_cast<const jbyte*>(message.payload.data()));
  return out;
}

JNIEXPORT void JNICALL Java_org_howdah_warm_Native_ready(JNIEnv*, jclass, jint socket) {
  warm::send_all(socket, "R");
}

JNIEXPORT jobjectArray JNICALL Java_org_howdah_warm_Native_loadedClasses(JNIEnv* env, jclass) {
  JavaVM* vm = nullptr;
  jvmtiEnv* tools = nullptr;
  jint count = 0;
  jclass* classes = nullptr;
  jclass type = env->FindClass("java/lang/Class");
  if (env->GetJavaVM(&vm) != JNI_OK ||
      vm->GetEnv(reinterpret_cast<void**>(&tools), JVMTI_VERSION_11) != JNI_OK)
    return nullptr;
  jobjectArray out = nullptr;
  if (tools->GetLoadedClasses(&count, &classes) == JVMTI_ERROR_NONE) {
    out = env->NewObjectArray(count, type, nullptr);
    for (jint i = 0; out && i < count; ++i) {
      env->SetObjectArrayElement(out, i, classes[i]);
      env->DeleteLocalRef(classes[i]);
    }
    tools->Deallocate(reinterpret_cast<unsigned char*>(classes));
  }
  tools->DisposeEnvironment();
  return out;
}

}  // extern "C"
